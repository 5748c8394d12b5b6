import { expect } from 'chai';
import { isApiError } from '../../../src/api/meta/errors.js';
import { checkFields, parseFieldSelector, parseLabelSelector } from '../../../src/api/meta/selectors.js';

function refusal(fn: () => unknown): string {
  try {
    fn();
  } catch (e) {
    if (isApiError(e, 'BadRequest')) return e.message;
    throw e;
  }
  return 'accepted';
}

describe('label selectors', () => {
  const web = { app: 'web', tier: '2' };
  const matching = [
    '',
    'app',
    'app=web',
    'app==web',
    'app!=db',
    '!old',
    'app in (web,db)',
    'app notin (db)',
    'old notin (x)',
    'old!=x',
    'tier>1',
    'tier<3',
  ];
  const other = ['old', 'app=db', 'app!=web', '!app', 'app in (db)', 'app notin (web)', 'old=', 'tier>2', 'tier<2', 'app>1', 'app=web,old'];

  it('match by equality, sets, presence and order', () => {
    for (const text of matching) expect(parseLabelSelector(text).matches(web), text).to.equal(true);
    for (const text of other) expect(parseLabelSelector(text).matches(web), text).to.equal(false);
  });
  it('take an object without labels for one with none', () => {
    expect(parseLabelSelector('!a').matches(undefined)).to.equal(true);
    expect(parseLabelSelector('a').matches(undefined)).to.equal(false);
  });
  it('do not look into the prototype', () => {
    expect(parseLabelSelector('!constructor').matches({})).to.equal(true);
    expect(parseLabelSelector('toString').matches({})).to.equal(false);
  });
  it('are printed sorted, as upstream prints them', () => {
    expect(String(parseLabelSelector(' b in ( y , x ),!c, a '))).to.equal('a,b in (x,y),!c');
    expect(String(parseLabelSelector('z=1,a!=2,b==3,n>4,m<5'))).to.equal('a!=2,b==3,m<5,n>4,z=1');
    expect(String(parseLabelSelector('a in (),b in (,x)'))).to.equal('a in (),b in (,x)');
  });
  it('take `in` and `notin` for words where no operator can be', () => {
    expect(String(parseLabelSelector('in in (notin)'))).to.equal('in in (notin)');
  });
  it('say where they stopped understanding', () => {
    const cases: [string, string][] = [
      [',', "found ',', expected: !, identifier, or 'end of string'"],
      ['a,', "found '', expected: identifier after ','"],
      ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
      ['a in x', "unable to parse requirement: found 'x' expected: '('"],
      ['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
      ['a=(x)', "unable to parse requirement: found '(', expected: identifier"],
      ['!a=x', "found '=', expected: ',' or 'end of string'"],
      ['a>x', `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`],
    ];
    for (const [text, message] of cases)
      expect(
        refusal(() => parseLabelSelector(text)),
        text,
      ).to.equal(message);
    expect(refusal(() => parseLabelSelector('/a'))).to.equal(
      'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
    );
    expect(refusal(() => parseLabelSelector('a=-'))).to.match(
      /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-": a valid label/,
    );
  });
});

describe('field selectors', () => {
  it('match by equality; an absent field is empty', () => {
    const fields = { 'spec.nodeName': 'n1' };
    for (const text of ['', 'spec.nodeName=n1', 'spec.nodeName==n1', 'spec.nodeName!=n2', 'other=', 'other!=x'])
      expect(parseFieldSelector(text).matches(fields), text).to.equal(true);
    for (const text of ['spec.nodeName=', 'spec.nodeName!=n1', 'spec.nodeName=n1,other=x'])
      expect(parseFieldSelector(text).matches(fields), text).to.equal(false);
  });
  it('read escaped commas, equal signs and backslashes', () => {
    const selection = parseFieldSelector('a=b\\,c\\=d\\\\,e=f');
    expect(selection.requirements).to.deep.equal([
      { field: 'a', operator: '=', value: 'b,c=d\\' },
      { field: 'e', operator: '=', value: 'f' },
    ]);
    expect(String(selection)).to.equal('a=b\\,c\\=d\\\\,e=f');
  });
  it('refuse what they cannot read', () => {
    expect(refusal(() => parseFieldSelector('a=b,c'))).to.equal("invalid selector: 'a=b,c'; can't understand 'c'");
    expect(refusal(() => parseFieldSelector('a=b=c'))).to.equal('invalid field selector: unescaped character in value: 61');
    expect(refusal(() => parseFieldSelector('a=b\\c'))).to.equal('invalid field selector: invalid escape sequence: \\c');
    expect(refusal(() => parseFieldSelector('a=b\\'))).to.equal('invalid field selector: invalid escape sequence: \\');
  });
  it('name fields that a kind cannot be selected by in the words of its kind', () => {
    const selection = parseFieldSelector('status.x=1');
    const own = (kind: string, selectableFields: string[]) => ({ group: 'g', version: 'v1', kind, selectableFields });
    expect(refusal(() => checkFields(selection, own('Role', [])))).to.equal(
      '"status.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    expect(refusal(() => checkFields(selection, own('Pod', ['status.phase'])))).to.equal('field label not supported: status.x');
    expect(refusal(() => checkFields(selection, own('Job', ['status.successful'])))).to.equal(
      'field label "status.x" not supported for Job',
    );
    expect(refusal(() => checkFields(parseFieldSelector('metadata.name=a'), own('Role', [])))).to.equal('accepted');
  });
});
