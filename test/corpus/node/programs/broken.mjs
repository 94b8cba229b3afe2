export const rows = 1;
export const rows = 2;
