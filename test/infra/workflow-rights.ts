const STATES = 'arn:aws:states:us-east-1:000000000000';
const NAME = 'kpi-migration-local-backfill';

/** What the commands ask of Step Functions, in order of the alphabet; `*` stands for the name of an execution. */
export const WORKFLOW_RIGHTS = [
  `states:DescribeExecution ${STATES}:execution:${NAME}:*`,
  `states:StartExecution ${STATES}:stateMachine:${NAME}`,
  `states:StopExecution ${STATES}:execution:${NAME}:*`,
];
