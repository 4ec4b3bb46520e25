/** The version of this library, which is that of the Python packages. */

export const VERSION = '0.1.0';
