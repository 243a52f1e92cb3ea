import { describe, expect, test } from 'vitest';
import { standingFallback } from '../../functions/flag/standing-fallback.ts';
import { ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

function validateOf(all: Resources) {
  const found = ofType(all, 'AWS::Lambda::Function').find(({ id }) => id.startsWith('ValidationValidate'));
  if (!found) throw new Error('The template has no standing validation.');
  return found;
}

describe('the standing validation', () => {
  const resources = synthesise(settingsWith());
  const validate = validateOf(resources);

  test.each([
    [{}, 'rate(15 minutes)'],
    [{ rollingEveryMinutes: 60 }, 'rate(1 hour)'],
  ])('%j: takes its next part at %s', (validation, expression) => {
    const [rule] = ofType(synthesise(settingsWith({ validation })), 'AWS::Events::Rule');
    expect(rule?.Properties).toMatchObject({ ScheduleExpression: expression, State: 'ENABLED' });
  });

  test('goes through the whole key space in a day, and never overtakes itself', () => {
    const { validation } = settingsWith();
    expect(validation.rollingParts * validation.rollingEveryMinutes).toBe(24 * 60);
    expect(validate.Properties.Timeout).toBeLessThan(15 * 60);
    const [config] = ofType(resources, 'AWS::Lambda::EventInvokeConfig');
    expect(config?.Properties).toMatchObject({ FunctionName: { Ref: validate.id }, MaximumRetryAttempts: 0 });
  });

  test('is told its parts and its patience', () => {
    const validation = { rollingParts: 10, pauseSeconds: 3, patienceSeconds: 30 };
    const all = synthesise(settingsWith({ validation, heldRecords: 'personal-link' }));
    const { Variables } = validateOf(all).Properties.Environment;
    expect(JSON.parse(Variables.TABLE_NAMES)).toEqual(settingsWith().tables);
    expect(Variables).toMatchObject({
      HELD_RECORDS: 'personal-link',
      ENVIRONMENT_NAME: settingsWith().name,
      ROLLING_PARTS: '10',
      PAUSE_SECONDS: '3',
      PATIENCE_SECONDS: '30',
    });
    expect(Object.keys(Variables).filter((name) => name.startsWith('FLAG_') || name.startsWith('FALLBACK_'))).toEqual(
      [],
    );
  });

  test('has a ceiling on its read units, that of the settings or one of its own', () => {
    const withCeiling = settingsWith({ validation: { rollingMaxReadUnitsPerSecond: 250 } });
    expect(validateOf(synthesise(withCeiling)).Properties.Environment.Variables).toMatchObject({
      MAX_READ_UNITS_PER_SECOND: '250',
    });
    expect(validate.Properties.Environment.Variables).toHaveProperty('MAX_READ_UNITS_PER_SECOND', '500');
  });

  test.each([{ rollingMaxReadUnitsPerSecond: 0 }, { rollingMaxReadUnitsPerSecond: 2.5 }, { patienceSeconds: 601 }])(
    '%j is refused',
    (validation) => {
      expect(() => settingsWith({ validation })).toThrow(Object.keys(validation)[0]);
    },
  );

  test('is told of the flag only where it may fall back', () => {
    const all = synthesise(settingsWith({ validation: { fallbackOnDisagreement: true } }));
    const { Variables } = validateOf(all).Properties.Environment;
    const typeOf = (name: string) => all[Variables[name].Ref]?.Type;
    expect(typeOf('FLAG_APPLICATION_ID')).toBe('AWS::AppConfig::Application');
    expect(typeOf('FLAG_ENVIRONMENT_ID')).toBe('AWS::AppConfig::Environment');
    expect(typeOf('FLAG_PROFILE_ID')).toBe('AWS::AppConfig::ConfigurationProfile');
    expect(all[Variables.FALLBACK_STRATEGY_ID.Ref]?.Properties.Name).toBe('kpi-migration-test-fallback');
    const ids = Object.keys(Variables).filter((name) => name.startsWith('FLAG_') || name.startsWith('FALLBACK_'));
    const given = Object.fromEntries(ids.map((name) => [name, 'abc1234']));
    expect(() => standingFallback(given)).not.toThrow();
    for (const name of ids) expect(() => standingFallback({ ...given, [name]: undefined })).toThrow(name);
  });
});
