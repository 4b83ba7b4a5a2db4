/** What the name of an instance type tells, and why some cannot run this image. */
import { ProductionVariantInstanceType, TrainingInstanceType, TransformInstanceType } from '@aws-sdk/client-sagemaker';

/** What SageMaker rents an instance for; each purpose has a list of types of its own. */
export type Purpose = 'endpoint' | 'transform' | 'training';

/** The lists of the service model that package-lock.json pins. */
const OFFERED: Readonly<Record<Purpose, readonly string[]>> = {
  endpoint: Object.values(ProductionVariantInstanceType),
  transform: Object.values(TransformInstanceType),
  training: Object.values(TrainingInstanceType),
};

/** `ml.g5.xlarge` -> `g5` */
function familyOf(instanceType: string): string {
  return instanceType.split('.')[1] ?? '';
}

/** NVIDIA families on SageMaker: p2 to p6, g4dn to g7e. */
export function hasGpu(instanceType: string): boolean {
  return /^(?:p[2-9]|g[4-9])/.test(familyOf(instanceType));
}

/**
 * Families with local NVMe storage, which is encrypted in hardware. SageMaker refuses a volume key for them
 * (TransformResources.VolumeKmsKeyId, CreateEndpointConfig.KmsKeyId).
 */
export function hasLocalStorage(instanceType: string): boolean {
  return /^(?:g[4-9]|p[4-9]|[a-z]+\d+[a-z]*dn?$)/.test(familyOf(instanceType));
}

/** Still in the service's lists, but withdrawn: new accounts get none, and the image's CUDA 12 leaves K80 out. */
const RETIRED = /^p[23]/;
/** Graviton: a `g` after the generation, and p6e, whose GPUs hang on a Grace processor. */
const ARM = /^(?:[cmr]\d+g|p6e)/;
const NOT_NVIDIA = /^(?:inf|trn|dl)\d/;

/** Why no image of this repository runs on the type, with what does; undefined when one does. */
export function instanceTypeProblem(instanceType: string, purpose: Purpose): string | undefined {
  const family = familyOf(instanceType);
  if (RETIRED.test(family)) return `${family} is retired; take one of ${gpuFamilies(purpose)}`;
  if (ARM.test(family)) return `${family} has an ARM processor and the image is for x86-64`;
  if (NOT_NVIDIA.test(family)) return `${family} has no NVIDIA GPU; take one of ${gpuFamilies(purpose)}`;
  if (OFFERED[purpose].includes(instanceType)) return undefined;
  const sizes = OFFERED[purpose].filter((type) => familyOf(type) === family).map((type) => type.split('.')[2]);
  if (sizes.length > 0) return `SageMaker offers ${family} for ${purpose} as ${sizes.join(', ')}`;
  return `SageMaker does not offer ${family} for ${purpose}; with a GPU it offers ${gpuFamilies(purpose)}`;
}

function gpuFamilies(purpose: Purpose): string {
  const usable = OFFERED[purpose].map(familyOf).filter((family) => hasGpu(`ml.${family}.x`));
  return [...new Set(usable)].filter((family) => !RETIRED.test(family) && !ARM.test(family)).join(', ');
}
