import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** Where people are told of alarms. Its resources keep the ids that they have in `scope`. */
export function alarmTopic(scope: Construct, { account, alarms }: Settings): Topic {
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': account } },
  });
  // Of the key that AWS manages for SNS, CloudWatch may make no use.
  const masterKey = new Key(scope, 'TopicKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
  const topic = new Topic(scope, 'Topic', { masterKey, enforceSSL: true });
  topic.grantPublish(cloudWatch);
  new CfnOutput(Stack.of(scope), 'AlarmTopicArn', {
    value: topic.topicArn,
    description: 'Tells of alarms: subscribe.',
  });
  if (alarms.email !== undefined) topic.addSubscription(new EmailSubscription(alarms.email));
  return topic;
}
