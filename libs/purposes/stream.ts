/** Which sender, account and reputation a purpose uses. */
export const STREAMS = ['service', 'marketing'] as const;
export type Stream = (typeof STREAMS)[number];

/** Priority of release: a recall passes service, service passes marketing. Each is a topic `messages.due.<class>`. */
export const DUE_CLASSES = ['recall', 'service', 'marketing'] as const;
export type DueClass = (typeof DUE_CLASSES)[number];
