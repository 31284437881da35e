/**
 * Constants of a loop, held in memory. V8 11 would convert the f64 to f32 and copy it into the four
 * lanes again for each vector, which takes 40 % of Adam's time. V8 13 does not; there, reading the
 * constants from memory makes Adam of 65,536 elements 6 % slower.
 *
 * Threads share the table: they run one kernel at a time, with the same scalars.
 */
const TABLE = memory.data(32);

// @ts-ignore: decorator
@inline export function hold(i: i32, value: f64): void {
  store<f32>(TABLE + 4 * i, <f32>value);
}

/** The value of place i, in every lane. */
// @ts-ignore: decorator
@inline export function held(i: i32): v128 {
  return v128.load32_splat(TABLE + 4 * i);
}
