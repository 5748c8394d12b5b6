// The form of fixtures/recordings/*.json: HTTP conversations with kube-apiserver v1.36.3.

export interface RecordedRequest {
  readonly id?: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Impersonation. */
  readonly as?: { readonly user?: string; readonly groups?: readonly string[] };
  /** Replaces the credentials: `none`, or the value of an Authorization header. */
  readonly auth?: string;
}

export interface Step {
  readonly id?: string;
  readonly request: RecordedRequest;
  readonly response: unknown;
  /** Only these parts of the body are compared. */
  readonly pick?: readonly string[];
  /** The body is compared as text. */
  readonly text?: boolean;
  /** Headers that are compared too. */
  readonly headers?: readonly string[];
  /** Sent again until this status, or these values, come. */
  readonly until?: number | Readonly<Record<string, unknown>>;
  readonly within?: number;
  readonly watch?: { readonly events: number; readonly ms?: number; readonly end?: boolean };
  /** Sent while the watch is open. */
  readonly during?: readonly RecordedRequest[];
  readonly sleep?: number;
}

export interface Case {
  readonly name: string;
  /** False: the case needs no namespace of its own. */
  readonly namespace?: boolean;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly managedFields?: boolean;
  readonly cleanup?: readonly string[];
  readonly steps: readonly Step[];
}

export interface Recording {
  readonly area: string;
  readonly cases: readonly Case[];
}
