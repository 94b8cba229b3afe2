const rows = [];
for (;;) rows.push(new Array(1000).fill({ row: rows.length }));
