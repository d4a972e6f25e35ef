#include "plugins/host/worker_program.h"

#include <cstdio>

/// A plugin's worker by itself: what `troupe troupe-plugin-worker LIBRARY` is.
int main(int argc, char** argv) {
  if (argc == 3) return troupe::plugins::serve_plugin(argv[2]);
  std::fputs("usage: plugin_worker troupe-plugin-worker LIBRARY\n", stderr);
  return 2;
}
