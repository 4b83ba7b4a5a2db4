/**
 * The network's weights. The stem answers to brightness that changes along x and along y, each in both directions; the
 * classes follow from how much there is of either in the mean over the image.
 */
export const CLASSES = ['plain', 'horizontal stripes', 'vertical stripes', 'checks'] as const;

interface Weight {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Channels after the stem: brighter to the right, to the left, downwards, upwards. */
const DIRECTIONS = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;
const CHANNELS = DIRECTIONS.length;
/** Rec. 601: how bright red, green and blue are. */
const LUMA = [0.299, 0.587, 0.114];
const KERNEL = [-1, 0, 1] as const;

/** What the mean of a direction pair comes to in an image full of stripes. */
const STRONG = 0.5;
/** How sure the classes are. */
const GAIN = 8 / STRONG;

const stem = KERNEL.flatMap((y) =>
  KERNEL.flatMap((x) => LUMA.flatMap((luma) => DIRECTIONS.map(([dy, dx]) => luma * stepOf(y, x, dy, dx)))),
);

/** The central difference: ahead minus behind, on the axis only. */
function stepOf(y: number, x: number, dy: number, dx: number): number {
  if (dx !== 0) return y === 0 ? x * dx : 0;
  return x === 0 ? y * dy : 0;
}

/** Each channel by itself: `at(y, x)` of its neighbours. */
function perChannel(at: (y: number, x: number) => number): number[] {
  return KERNEL.flatMap((y) => KERNEL.flatMap((x) => diagonal(at(y, x))));
}

function diagonal(value: number): number[] {
  return Array.from({ length: CHANNELS * CHANNELS }, (_, i) => (i % (CHANNELS + 1) === 0 ? value : 0));
}

const channels = [3, 3, CHANNELS, CHANNELS];
/** Plain is against both, stripes are for one and against the other, checks are for both. */
const ALONG_X = [-0.5, -1, 1, 1].map((sign) => sign * GAIN);
const ALONG_Y = [-0.5, 1, -1, 1].map((sign) => sign * GAIN);

export const WEIGHTS = {
  stem: { shape: [3, 3, 3, CHANNELS], values: stem },
  block_1: { shape: channels, values: perChannel(() => 1 / 9) },
  block_2: { shape: channels, values: perChannel((y, x) => (y === 0 && x === 0 ? 0.5 : 0)) },
  classes: { shape: [CHANNELS, CLASSES.length], values: [ALONG_X, ALONG_X, ALONG_Y, ALONG_Y].flat() },
  bias: { shape: [CLASSES.length], values: [0.4, 0, 0, -1.5].map((share) => share * GAIN * STRONG) },
} as const satisfies Record<string, Weight>;
