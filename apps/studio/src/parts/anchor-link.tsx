import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink, type LinkComponent } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type PlainAnchorProps = AnchorProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps> & { readonly ref?: Ref<HTMLAnchorElement> };

function PlainAnchor(props: PlainAnchorProps) {
  return <Anchor {...props} />;
}

const Linked = createLink(PlainAnchor);

/** A link to a page of Studio, its parameters checked by the compiler: `<AnchorLink to="/runs/$id" params={{ id }}>`. */
export const AnchorLink: LinkComponent<typeof PlainAnchor> = (props) => <Linked {...props} />;
