// Asks D1 whether somebody still acts for a team: what was let in once may outlast that right.

/** By the same row as every request's principal: the person's oldest membership. */
export async function isStillMember(
  database: D1Database,
  { team_id, owner_id }: { team_id: string; owner_id: string },
  userId: string,
): Promise<boolean> {
  if (userId !== owner_id) return false;
  const membership = database
    .prepare("SELECT team_id FROM memberships WHERE user_id = ? ORDER BY created_at LIMIT 1")
    .bind(userId);
  return (await membership.first<string>("team_id")) === team_id;
}
