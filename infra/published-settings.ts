import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import { settingsDigests, settingsParameterName } from './settings-digests.ts';

/** Tells commands which settings are deployed, so that one with other settings writes nothing. */
export class PublishedSettings extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    new StringParameter(this, 'Digests', {
      parameterName: settingsParameterName(settings.name),
      stringValue: JSON.stringify(settingsDigests(settings)),
      description: 'A digest of each group of settings that this stack was deployed with.',
    });
  }
}
