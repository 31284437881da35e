/**
 * What stays the same from vector to vector of a loop, held in memory: V8 11 would convert a f64 to
 * f32 and spread it over the lanes anew for each vector, 0.4 of Adam's time. On V8 13, which does
 * not, Adam of 65,536 elements takes 6 % longer so.
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
