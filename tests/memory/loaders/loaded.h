#pragma once

#include "memory/knowledge/loaders/load.h"
#include "tests/memory/loaders/promises.h"

#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace troupe::memory::loaders::testing {

/// The document of `bytes`; the running test fails when there is none or a promise of Document is broken.
inline Document loaded(std::string_view bytes, Format format, const LoadOptions& options = {}) {
  auto document = load(bytes, format, options);
  if (!document) FAIL(document.error().message);
  CHECK(broken_promise(*document) == "");
  return std::move(*document);
}

}  // namespace troupe::memory::loaders::testing
