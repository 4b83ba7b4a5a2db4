/**
 * What an hour of an instance costs, in one dated table. Prices differ by region and change without notice: they are for
 * planning, and every use of them says of when and where they are. docs/cost.md is compared with this table by a test.
 */

/** The day on which the figures were gathered. */
export const PRICES_OF = '2026-11-21';
export const PRICES_REGION = 'us-east-1';
/** Where the figures stand, and where those in force are. */
export const PRICES_SOURCE =
  'on demand, as public repositories quote the AWS Price List; check them at https://aws.amazon.com/sagemaker/ai/pricing/';

/**
 * Dollars for an hour of hosting or batch transform: the figure on which most sources agree, at least two of them.
 */
export const DOLLARS_PER_HOUR: Readonly<Record<string, number>> = {
  'ml.c5.xlarge': 0.204,
  'ml.c5.2xlarge': 0.408,
  'ml.m5.large': 0.115,
  'ml.m5.xlarge': 0.23,
  'ml.m5.2xlarge': 0.461,
  'ml.g4dn.xlarge': 0.7364,
  'ml.g5.xlarge': 1.408,
  'ml.g5.2xlarge': 1.515,
  'ml.g5.4xlarge': 2.03,
  'ml.g5.12xlarge': 7.09,
  'ml.g6.xlarge': 1.1267,
  'ml.g6.2xlarge': 1.222,
  'ml.g6.12xlarge': 5.752,
};
