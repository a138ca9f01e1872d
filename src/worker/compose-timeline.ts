// Builds what serves checkpoints and branches, and the routes by which sandboxes store and fetch packs.
import type { Principal } from "../shared/teams/principal.ts";
import { verifyRunToken } from "../shared/tokens/run-token-signature.ts";
import { type BranchService, createBranchService } from "./branches/branch-service.ts";
import { createBranchStore } from "./branches/branch-store.ts";
import { composeCheckpoints } from "./checkpoints/compose-checkpoints.ts";
import { createPackAccess } from "./checkpoints/packs/pack-access.ts";
import { createPackRoutes } from "./checkpoints/packs/pack-routes.ts";
import { createPackStore } from "./checkpoints/packs/pack-store.ts";
import { type EdgeParts, newId, now } from "./edge-parts.ts";
import type { ProjectService } from "./projects/project-service.ts";
import type { ProjectStore } from "./projects/project-store.ts";
import type { OpenBranch } from "./sessions/choose-target.ts";
import type { SessionService } from "./sessions/session-service.ts";

type TimelineParts = { projects: ProjectService; projectStore: ProjectStore; sessions: () => SessionService };

export function composeTimeline(
  { bucket, config, db, workspace }: EdgeParts,
  { projects, projectStore, sessions }: TimelineParts,
) {
  const branchStore = createBranchStore({ db, now });
  const openBranch = async (principal: Principal, request: OpenBranch) =>
    (await branches.create(principal, { ...request, from_branch: null })).place;
  const checkpoints = composeCheckpoints({
    db,
    bucket,
    publicUrl: config.publicUrl,
    workspace,
    findProject: projects.find,
    openBranch,
    insertProject: projectStore.insert,
    keepPacksOf: branchStore.keepPacksOf,
    forkSession: (principal, { session_id, at_event }, into) => sessions().fork(principal, session_id, at_event, into),
    newId,
    now,
    subtle: crypto.subtle,
  });
  const branches: BranchService = createBranchService({
    store: branchStore,
    workspace,
    findProject: projects.find,
    findCheckpoint: checkpoints.access.find,
    newId,
    subtle: crypto.subtle,
  });
  return { checkpoints, branches, openBranch };
}

export function composePackRoutes({ bucket, config, db, workspace, logger }: EdgeParts) {
  const access = createPackAccess({
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    workspace,
    nowMs: Date.now,
  });
  return createPackRoutes({ access, store: createPackStore({ db, now }), bucket, logger });
}
