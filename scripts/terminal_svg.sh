#!/usr/bin/env bash
# terminal_svg.sh: stdin, what a terminal showed, as an SVG picture on stdout. The picture in README.md is made by
#   q='What is (17.5% of 2480) + 12^3?'; t=build/release/app/troupe
#   (echo "\$ troupe ask --trace \"$q\""; NO_COLOR=1 $t ask -c examples/hello.yaml --trace "$q" 2>&1) | scripts/terminal_svg.sh > docs/ask.svg
set -euo pipefail
awk '
  { gsub(/&/, "\\&amp;"); gsub(/</, "\\&lt;"); gsub(/>/, "\\&gt;"); line[NR] = $0; if (length($0) > widest) widest = length($0) }
  END {
    if (widest < 60) widest = 60
    width = widest * 8.5 + 40; height = NR * 20 + 60
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\">\n", width, height, width
    printf "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#16181d\"/>\n"
    printf "<g fill=\"#5b6270\"><circle cx=\"20\" cy=\"18\" r=\"5\"/><circle cx=\"38\" cy=\"18\" r=\"5\"/><circle cx=\"56\" cy=\"18\" r=\"5\"/></g>\n"
    printf "<g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#d6dae2\" xml:space=\"preserve\">\n"
    for (i = 1; i <= NR; i++) {
      fill = i == NR ? " fill=\"#8fd18f\" font-weight=\"bold\"" : line[i] ~ /^\$ / ? " fill=\"#ffffff\"" : ""
      printf "<text x=\"20\" y=\"%d\"%s>%s</text>\n", 30 + i * 20, fill, line[i]
    }
    print "</g>\n</svg>"
  }'
