/** An arrow between nodes or the points where arrows are joined. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** What is drawn between nodes: `joints` are points without a box where arrows come together and part again. */
export interface Arrows {
  readonly joints: readonly string[];
  readonly arrows: readonly Arrow[];
}

/** No id of a job has a blank. */
const JOINT = 'joint ';

/**
 * Arrows of nodes that need the same others meet in one point: 50 jobs that each need the same 50 are 100 arrows, not 2,500.
 * Without it neither the layout nor the reader would come to an end.
 */
export function joinNeeds(needs: ReadonlyMap<string, readonly string[]>): Arrows {
  const alike = Map.groupBy(needs, ([, before]) => JSON.stringify(before.toSorted()));
  const joints: string[] = [];
  const arrows: Arrow[] = [];
  for (const members of alike.values()) {
    const before = members[0]?.[1] ?? [];
    if (before.length < 2 || members.length < 2 || before.length * members.length < JOINED_FROM) {
      arrows.push(...members.flatMap(([to]) => before.map((from) => ({ from, to }))));
      continue;
    }
    const joint = `${JOINT}${String(joints.length)}`;
    joints.push(joint);
    arrows.push(...before.map((from) => ({ from, to: joint })), ...members.map(([to]) => ({ from: joint, to })));
  }
  return { joints, arrows };
}

/** Two by two still reads well. */
const JOINED_FROM = 6;
