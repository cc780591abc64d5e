/**
 * How many there are per second when so many clients ask at once, each for the next one when it has the last: those that were begun within
 * the time, until the last of them was done.
 *
 * @param {(client: number) => Promise<unknown>} one
 * @param {{ atOnce: number, forMs: number }} options
 */
export async function rateOf(one, { atOnce, forMs }) {
  let done = 0;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async (_, client) => {
      while (performance.now() - begin < forMs) {
        await one(client);
        done += 1;
      }
    }),
  );
  return (done * 1_000) / (performance.now() - begin);
}

/**
 * How long each takes, one after another.
 *
 * @param {() => Promise<number>} one
 * @param {number} count
 */
export async function timesOf(one, count) {
  const times = [];
  for (let index = 0; index < count; index += 1) times.push(await one());
  return times;
}

/**
 * So many of them, as fast as so many clients hand them in.
 *
 * @param {() => Promise<unknown>} one
 * @param {{ count: number, atOnce: number }} options
 */
export async function handIn(one, { count, atOnce }) {
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        await one();
      }
    }),
  );
}
