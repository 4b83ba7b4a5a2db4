/**
 * Every model version that this server holds, by name and version: which one a request means, and which of them decide
 * whether the server is ready. Versions come and go one by one.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { Servable } from './servable.ts';

export class Servables {
  readonly #versions = new Map<string, Map<string, Servable>>();
  readonly #defaultName: string | undefined;

  /** @param defaultName the model of requests that name none; undefined makes them name one. */
  constructor(defaultName: string | undefined) {
    this.#defaultName = defaultName;
  }

  get all(): readonly Servable[] {
    return [...this.#versions.values()].flatMap((versions) => [...versions.values()]);
  }

  get names(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** Throws Conflict when the version is there already. */
  add(servable: Servable): void {
    const versions = this.#versions.get(servable.name) ?? new Map<string, Servable>();
    if (versions.has(servable.version)) {
      throw new TwinvecError('Conflict', `Model ${quoteForMessage(servable.name)} is already loaded.`);
    }
    versions.set(servable.version, servable);
    this.#versions.set(servable.name, versions);
  }

  /** Takes it out, so that no further request finds it. The caller closes it. */
  remove({ name, version }: Servable): void {
    const versions = this.#versions.get(name);
    versions?.delete(version);
    if (versions?.size === 0) this.#versions.delete(name);
  }

  /** Versions of a model, the highest first. Throws NotFound when there is no such model. */
  versionsOf(name: string): readonly Servable[] {
    const versions = this.#versions.get(name);
    if (!versions) throw notFound(`Latest(${quoteForMessage(name).slice(1, -1)})`);
    return [...versions.values()].sort((a, b) => (BigInt(a.version) < BigInt(b.version) ? 1 : -1));
  }

  /**
   * The version that a request means: without a version the highest, without a name the default model's.
   *
   * @throws TwinvecError NotFound in TF Serving's words; InvalidCustomAttributes when no model is named and none is the
   *   default.
   */
  find(name?: string, version?: string): Servable {
    const model = name ?? this.#defaultName;
    if (model === undefined) {
      const known = this.names.map(quoteForMessage).join(', ');
      const remedy = 'set tfs-model-name in the custom attributes, or SAGEMAKER_TFS_DEFAULT_MODEL_NAME';
      throw new TwinvecError('InvalidCustomAttributes', `no model name available: ${remedy} (there are ${known})`);
    }
    const [newest] = this.versionsOf(model);
    if (version === undefined) return newest!;
    const found = this.#versions.get(model)?.get(version);
    if (!found) throw notFound(`Specific(${model}, ${version})`);
    return found;
  }

  /** The versions whose loss makes the server unfit: the default model's, or all where none is the default. */
  get vital(): readonly Servable[] {
    return this.all.filter(({ name }) => this.#defaultName === undefined || name === this.#defaultName);
  }
}

function notFound(what: string): TwinvecError {
  return new TwinvecError('NotFound', `Servable not found for request: ${what}`);
}
