// Builds what the checkpoint tools and routes work with, out of ports that the edge's composition root hands in.
import type { Database } from "../db/client.ts";
import {
  type CheckpointAccess,
  type CheckpointWorkspace,
  createCheckpointAccess,
  type Place,
} from "./checkpoint-access.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { createCheckpointStore } from "./checkpoint-store.ts";
import { type ComparingService, createComparingService } from "./comparing/comparing-service.ts";
import { createExportService, type ExportService } from "./exporting/export-service.ts";
import { createForkService, type ForkOptions, type ForkService } from "./forking/fork-service.ts";
import { createKeepingService, type KeepingService } from "./keeping/keeping-service.ts";
import { createRemovalStore } from "./keeping/removal-store.ts";
import { createVerifyService, type VerifyService } from "./verifying/verify-service.ts";
import { createHeadFiles, type HeadFiles } from "./head-files.ts";
import { createFilesService, type FilesService } from "./files-service.ts";
import { createPolicyStore } from "./keeping/policy-store.ts";
import { createOperationRunner } from "./operation-runner.ts";
import { createTimelineService, type TimelineService } from "./timeline-service.ts";

export type CheckpointPorts = {
  db: Database;
  bucket: R2Bucket;
  publicUrl: string;
  workspace: (workspaceId: string) => CheckpointWorkspace;
  findProject: (principal: Principal, name: string | null, branch: string | null) => Promise<Place>;
  newId: () => string;
  now: () => Date;
  subtle: SubtleCrypto;
} & Pick<ForkOptions, "openBranch" | "insertProject" | "keepPacksOf" | "forkSession">;

export type CheckpointServices = {
  access: CheckpointAccess;
  timeline: TimelineService;
  files: FilesService;
  head: HeadFiles;
  comparing: ComparingService;
  exporting: ExportService;
  verifying: VerifyService;
  keeping: KeepingService;
  forking: ForkService;
};

export function composeCheckpoints(ports: CheckpointPorts): CheckpointServices {
  const { db, bucket, workspace, newId, now, subtle } = ports;
  const store = createCheckpointStore(db);
  const policies = createPolicyStore(db);
  const access = createCheckpointAccess({ store, bucket, findProject: ports.findProject });
  const operations = createOperationRunner({ workspace, newId, nowMs: Date.now, subtle });
  const nowMs = () => now().getTime();
  return {
    access,
    timeline: createTimelineService({ access, store, policies, operations, workspace, bucket }),
    files: createFilesService(access),
    head: createHeadFiles({ access, store }),
    comparing: createComparingService({ access, store, operations, workspace }),
    exporting: createExportService({ access, store, operations, bucket, publicUrl: ports.publicUrl }),
    verifying: createVerifyService({ access, nowMs }),
    keeping: createKeepingService({ access, removals: createRemovalStore({ db, now }), policies, bucket }),
    forking: createForkService({ ...ports, access, idFor: operations.idFor }),
  };
}
