// How the map looks: colours from the style sheet's variables, so that both themes are in one place.

/** Of links, by level. */
export const WIDTHS = [2, 3, 4.5, 6.5, 8.5, 11];

/** cytoscape's style, for the theme that is on. */
export function stylesheet() {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
  const font = getComputedStyle(document.body).fontFamily;
  const levels = WIDTHS.map((width, level) => ({ selector: `edge.l${level}`, style: { width, "line-color": colour(`l${level}`) } }));
  const text = { "font-family": font, color: colour("text"), "font-size": 13 };
  return [
    { selector: "node", style: { ...text, label: "data(label)", "text-wrap": "wrap", "overlay-opacity": 0, "min-zoomed-font-size": 6 } },
    { selector: "node.switch", style: {
      shape: "round-rectangle", width: 92, height: 38, "background-color": colour("surface"), "border-width": 2,
      "border-color": colour("accent"), "text-valign": "center", "text-halign": "center", "font-weight": 600, "font-size": 14,
      "text-max-width": 88, "text-wrap": "ellipsis" } },
    { selector: "node.host", style: {
      shape: "ellipse", width: 26, height: 26, "background-color": colour("tint"), "border-width": 2, "border-color": colour("line-strong"),
      "text-valign": "bottom", "text-margin-y": 4, "font-size": 12, "text-max-width": 80, "text-wrap": "ellipsis" } },
    { selector: "node.above", style: { "text-valign": "top", "text-margin-y": -4 } },
    { selector: "node.crowd", style: {
      shape: "ellipse", width: 36, height: 36, "background-color": colour("tint"), "border-width": 5, "border-style": "double",
      "border-color": colour("line-strong"), "text-valign": "bottom", "text-margin-y": 4, "font-size": 12 } },
    { selector: "node.silent", style: { "border-style": "dotted", color: colour("soft") } },
    { selector: "node.down, node.error", style: { "border-color": colour("bad"), color: colour("bad") } },
    { selector: "node.down", style: { "border-style": "dashed", "background-color": colour("ground") } },
    { selector: "node.gateway", style: {
      shape: "round-rectangle", width: "data(wide)", height: 11, padding: 2.5, "background-color": colour("surface"), "border-width": 1,
      "border-color": colour("line-strong"), "text-valign": "center", "text-halign": "center", "font-size": 10, "text-wrap": "none",
      "z-index": 20 } },
    { selector: "node.gateway.active", style: { "background-color": colour("good"), "border-color": colour("good"), color: colour("surface"), "font-weight": 700 } },
    { selector: "node.gateway.standby", style: { "border-color": colour("good"), color: colour("good"), "font-weight": 600 } },
    { selector: "edge", style: {
      ...text, width: 2, "line-color": colour("l0"), "curve-style": "bezier", "control-point-step-size": 36, "source-label": "data(label)",
      "source-text-offset": "data(offset)", "source-text-margin-x": "data(right)", "source-text-margin-y": "data(down)", "source-text-rotation": "autorotate",
      "font-size": 11, "text-outline-color": colour("ground"), "text-outline-width": 2.5, "overlay-opacity": 0, "min-zoomed-font-size": 7 } },
    { selector: "edge.access", style: { "font-size": 10 } },
    ...levels,
    { selector: "edge.many.l0, edge.many.l1, edge.many.l2", style: { "line-opacity": 0.3 } },
    { selector: "edge.down", style: {
      width: 2, "line-style": "dashed", "line-dash-pattern": [7, 6], "line-color": colour("dead"), color: colour("dead"), "font-size": 17, "font-weight": 800,
      "source-text-rotation": "none" } },
    { selector: "edge.dampened", style: {
      width: 2.5, "line-style": "dotted", "line-color": colour("damp"), color: colour("damp"), "font-size": 20, "font-weight": 800 } },
    { selector: ".way", style: { "underlay-color": colour("way"), "underlay-opacity": 0.42, "underlay-padding": 7, "line-opacity": 1, "z-index": 10 } },
    { selector: "node.host, node.crowd", style: { "underlay-shape": "ellipse" } },
    { selector: ".chosen", style: { "underlay-color": colour("accent"), "underlay-opacity": 0.35, "underlay-padding": 9 } },
    { selector: ".dim", style: { opacity: 0.16 } },
  ];
}
