// The document reader of the tests: what the daemon's own program is with an argument of its own.
#include "memory/knowledge/ingest/reader_program.h"

int main() {
  return troupe::memory::serve_documents();
}
