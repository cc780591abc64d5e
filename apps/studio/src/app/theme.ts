import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const green: MantineColorsTuple = ['#eaf7f2', '#d3ebe2', '#a6d8c6', '#75c4a8', '#4db38f', '#34a87f', '#249f76', '#158a65', '#1f6f5c', '#0c5c48'];

export const theme = createTheme({
  primaryColor: 'green',
  colors: { green },
  // Text on and in these has to be readable in both schemes.
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  defaultRadius: 'sm',
  fontFamily: 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1.0625rem' }, h3: { fontSize: '0.9375rem' } } },
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** The colours of statuses, and dimmed text that is still read easily (4.5 : 1, WCAG 2.2 AA). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#545b62',
    '--mantine-color-placeholder': '#6a7178',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-anchor': '#14604d',
    '--status-good': '#1a6b3c',
    '--status-bad': '#b3261e',
    '--status-busy': '#1559b3',
    '--status-wait': '#8a5300',
    '--status-calm': '#545b62',
    '--status-odd': '#7a3aa8',
    '--line': '#dfe3e6',
    '--raised': '#ffffff',
    '--sunken': '#f5f7f8',
  },
  dark: {
    '--mantine-color-body': '#14181b',
    '--mantine-color-dimmed': '#a5afb7',
    '--mantine-color-placeholder': '#8b959d',
    '--mantine-color-error': '#ff8a80',
    '--mantine-color-anchor': '#75c4a8',
    '--status-good': '#6fd19a',
    '--status-bad': '#ff8a80',
    '--status-busy': '#82b4ff',
    '--status-wait': '#f2b957',
    '--status-calm': '#a5afb7',
    '--status-odd': '#d2a6f2',
    '--line': '#2c3339',
    '--raised': '#1a1f23',
    '--sunken': '#101315',
  },
});
