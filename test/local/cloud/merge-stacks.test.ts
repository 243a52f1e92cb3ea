import { describe, expect, test } from 'vitest';
import { mergeStacks } from '../../../backfill/local/cloud/merge-stacks.ts';

const BUCKET = { Type: 'AWS::S3::Bucket' };
const state = {
  Resources: { Bucket: BUCKET },
  Outputs: {
    Shared: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] }, Export: { Name: 'state:Bucket' } },
    Told: { Value: { Ref: 'Bucket' } },
  },
};
const uses = (name: string) => ({
  Resources: { Function: { Type: 'AWS::Lambda::Function', Properties: { To: [{ 'Fn::ImportValue': name }] } } },
});

test('what a stack imports is what the other one exports', () => {
  expect(mergeStacks([state, uses('state:Bucket')])).toEqual({
    Bucket: { ...BUCKET, Properties: {} },
    Function: { Type: 'AWS::Lambda::Function', Properties: { To: [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }] } },
  });
});

describe('refused', () => {
  test.each<[string, unknown[]]>([
    ['an import that no stack exports', [state, uses('state:Other')]],
    ['an output that is not exported', [state, uses('Told')]],
    ['one logical id in two stacks', [state, { Resources: { Bucket: BUCKET } }]],
    ['no template', [{}]],
  ])('%s', (_, templates) => {
    expect(() => mergeStacks(templates)).toThrow(expect.objectContaining({ code: 'TEMPLATE_UNREADABLE' }));
  });
});
