import * as echarts from 'echarts';

/** A line of a chart: points of a backlog and what was measured there. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Curve {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const size = { width: 760, height: 380 } as const;
const none = 'none';

/** Draws curves over a backlog that grows by tens, as SVG. */
export function drawCurve({ title, x, y, series }: Curve): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  const backlogs = [...new Set(series.flatMap(({ points }) => points.map(([backlog]) => backlog)))].sort(
    (a, b) => a - b,
  );
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 4 },
    grid: { left: 70, right: 30, top: 50, bottom: 85 },
    // Not a scale of numbers: none at all has no place on a logarithmic one.
    xAxis: {
      type: 'category',
      name: x,
      nameLocation: 'middle',
      nameGap: 30,
      data: backlogs.map((backlog) => (backlog === 0 ? none : backlog.toLocaleString('en'))),
    },
    yAxis: { type: 'value', name: y, min: 0 },
    series: series.map(({ name, points }) => ({
      type: 'line',
      name,
      data: backlogs.map((backlog) => points.find(([at]) => at === backlog)?.[1] ?? null),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
