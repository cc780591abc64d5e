import type { PassageTable } from '../store/search-index.js';
import { bytesOf, packSections, unpackSections } from '../store/sections.js';

const KIND = 'KBVECT 1';

/** One vector for each passage of an index, in its order: eight bits a number, times the scale. A scale of 0: there is none yet. */
export interface VectorTable {
  readonly model: string;
  readonly dimensions: number;
  readonly scales: Float32Array;
  readonly values: Int8Array;
}

export function emptyTable(model: string, dimensions: number, passages: number): VectorTable {
  return { model, dimensions, scales: new Float32Array(passages), values: new Int8Array(passages * dimensions) };
}

export function packVectors({ model, dimensions, scales, values }: VectorTable): Buffer {
  return packSections(KIND, { header: { model, dimensions }, parts: { scales: bytesOf(scales), values: bytesOf(values) } });
}

/** `undefined` for what is not whole. */
export function unpackVectors(bytes: Uint8Array): VectorTable | undefined {
  const unpacked = unpackSections(KIND, bytes);
  const { scales, values } = unpacked?.parts ?? {};
  if (unpacked === undefined || scales === undefined || values === undefined) return undefined;
  return {
    ...(unpacked.header as { model: string; dimensions: number }),
    scales: new Float32Array(scales.buffer, scales.byteOffset, Math.floor(scales.byteLength / 4)),
    values: new Int8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/** Puts a vector, made to length 1, at a place of the table. One of another length, or of zeros, stays out. */
export function putVector({ dimensions, scales, values }: VectorTable, at: number, vector: readonly number[]): void {
  const length = Math.hypot(...vector);
  if (vector.length !== dimensions || !Number.isFinite(length) || length === 0) return;
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  scales[at] = largest / length / 127;
  for (const [place, value] of vector.entries()) values[at * dimensions + place] = Math.round((value / largest) * 127);
}

export function isComplete({ scales }: VectorTable): boolean {
  return scales.every((scale) => scale !== 0);
}

/** The vectors of an earlier index, each put where the passage is that says the same. */
export function carryOver(table: VectorTable, from: PassageTable, to: PassageTable): VectorTable {
  const places = new Map<bigint, number>();
  for (const at of from.file.keys()) if (table.scales[at] !== 0) places.set(keyOf(from, at), at);
  const { dimensions } = table;
  const carried = emptyTable(table.model, dimensions, to.file.length);
  for (const at of to.file.keys()) {
    const place = places.get(keyOf(to, at));
    if (place === undefined) continue;
    carried.scales[at] = table.scales[place] ?? 0;
    carried.values.set(table.values.subarray(place * dimensions, (place + 1) * dimensions), at * dimensions);
  }
  return carried;
}

function keyOf({ hashes }: PassageTable, at: number): bigint {
  return (BigInt(hashes[2 * at] ?? 0) << 32n) | BigInt(hashes[2 * at + 1] ?? 0);
}

/** The cosine of the angle between each passage and a question: from -1 to 1, and -1 where there is no vector. */
export function nearness({ dimensions, scales, values }: VectorTable, question: readonly number[]): Float32Array {
  const length = Math.hypot(...question);
  const wanted = Float32Array.from(question, (value) => (length === 0 ? 0 : value / length));
  return scales.map((scale, passage) => {
    if (scale === 0) return -1;
    let sum = 0;
    const start = passage * dimensions;
    for (let at = 0; at < dimensions; at += 1) sum += (wanted[at] ?? 0) * (values[start + at] ?? 0);
    return sum * scale;
  });
}
