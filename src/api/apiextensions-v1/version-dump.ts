import { goValue } from '../shared/go-value.js';
import type { HoistedVersion } from './hoisted-form.js';

/** Versions as messages show them: in upstream's internal form, which names absent fields too. */
export function dumped(versions: readonly HoistedVersion[]): unknown {
  return versions.map(({ of, schema, subresources, additionalPrinterColumns, selectableFields }) => ({
    Name: of.name,
    Served: of.served,
    Storage: of.storage,
    Deprecated: of.deprecated ?? false,
    DeprecationWarning: of.deprecationWarning ?? null,
    Schema: goValue(schema ?? null),
    Subresources: goValue(subresources ?? null),
    AdditionalPrinterColumns: goValue(additionalPrinterColumns ?? null),
    SelectableFields: goValue(selectableFields ?? null),
  }));
}
