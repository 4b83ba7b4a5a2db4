/**
 * The bundle that holds a training engine's whole state. Either engine reads what the other wrote, so what is in it is
 * decided by the graph alone.
 */
import { TwinvecError } from '#core/errors.ts';
import type { Parameter } from '../../graph/builder.ts';
import { type Bundle, openBundle } from '../../savedmodel/tensor-bundle-reader.ts';

/** @throws TwinvecError InvalidArtifact unless the bundle holds exactly these parameters in their shapes */
export function openState(prefix: string, parameters: readonly Parameter[]): Bundle {
  const bundle = openBundle(prefix);
  const problem = misfit(bundle, parameters);
  if (problem === undefined) return bundle;
  bundle.close();
  throw new TwinvecError('InvalidArtifact', `The saved state is not of this network and optimizer: ${problem}.`);
}

function misfit({ tensors }: Bundle, parameters: readonly Parameter[]): string | undefined {
  for (const { name, shape } of parameters) {
    const saved = tensors.get(name);
    if (saved === undefined) return `it has no ${name}`;
    if (saved.dtype !== 'float32' || saved.shape.join() !== shape.join()) {
      return `${name} is ${saved.dtype} [${saved.shape}] and not float32 [${shape}]`;
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  const strange = [...tensors.keys()].find((name) => !known.has(name));
  return strange === undefined ? undefined : `it has ${strange} too`;
}
