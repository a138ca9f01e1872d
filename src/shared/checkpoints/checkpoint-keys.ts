// Where checkpoints lie in the bucket. Packs belong to the team: a fork into another project names the same ones.

export const packKey = (teamId: string, sha256: string): string => `teams/${teamId}/packs/${sha256}`;

export const manifestPrefix = (teamId: string, projectId: string): string =>
  `teams/${teamId}/projects/${projectId}/manifests/`;

export const manifestKey = (of: { team_id: string; project_id: string }, sha256: string): string =>
  `${manifestPrefix(of.team_id, of.project_id)}${sha256}.json.zst`;

export const exportPrefix = (teamId: string, projectId: string): string =>
  `teams/${teamId}/projects/${projectId}/exports/`;

export const exportKey = (teamId: string, projectId: string, exportId: string): string =>
  `${exportPrefix(teamId, projectId)}${exportId}.bundle`;
