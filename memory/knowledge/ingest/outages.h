#pragma once

#include "runtime/base/result.h"

#include <cstddef>

namespace troupe::memory {

/// Tells a document that cannot be embedded or read from an embedder or reader that cannot do any: by how
/// many failed one after the other. Pure.
class Outages {
 public:
  void embedded() { embed_outages_ = embed_refusals_ = 0; }
  /// True: the others would fail as well.
  bool embedding_failed(const Error& error);
  void read() { read_outages_ = 0; }
  bool reading_failed(const Error& error);

 private:
  std::size_t embed_outages_ = 0;
  std::size_t embed_refusals_ = 0;
  std::size_t read_outages_ = 0;
};

}  // namespace troupe::memory
