/** A partition of AWS: its regions, and where its console is. */
export interface Partition {
  readonly name: string;
  readonly regions: RegExp;
  readonly consoleHost: string;
}

/**
 * The regions as the SDK's own partition table has them (@aws-sdk/core, util-endpoints, partitions.json); the consoles by
 * the sign-in pages of each partition. The isolated partitions are left out: none of this was ever tried there.
 */
const PARTITIONS: readonly Partition[] = [
  { name: 'aws', regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/, consoleHost: 'console.aws.amazon.com' },
  { name: 'aws-cn', regions: /^cn-\w+-\d+$/, consoleHost: 'console.amazonaws.cn' },
  { name: 'aws-us-gov', regions: /^us-gov-\w+-\d+$/, consoleHost: 'console.amazonaws-us-gov.com' },
  { name: 'aws-eusc', regions: /^eusc-de-\w+-\d+$/, consoleHost: 'console.amazonaws-eusc.eu' },
];

/** The partition that a region belongs to; undefined if it is no region's name. */
export function partitionOf(region: string): Partition | undefined {
  return PARTITIONS.find(({ regions }) => regions.test(region));
}
