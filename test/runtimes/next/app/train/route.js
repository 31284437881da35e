/** The job of all runtimes, in the edge runtime. */
import { runtimeInfo } from 'throughtime';
import { advance, open, outcome } from '../../../job.js';

export const runtime = 'edge';
export const dynamic = 'force-dynamic';

export async function GET() {
  const checkpoint = await advance(await open());
  return Response.json({ ...(await outcome(checkpoint)), build: runtimeInfo().build });
}
