import { partitionOf } from './regions.ts';

/** The CloudWatch dashboard of an environment (dashboard.ts). */
export function dashboardName(environmentName: string): string {
  return `kpi-migration-${environmentName}`;
}

/** Where a browser finds it. */
export function dashboardUrl(region: string, environmentName: string): string {
  const host = `${region}.${partitionOf(region)?.consoleHost}`;
  return `https://${host}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName(environmentName)}`;
}
