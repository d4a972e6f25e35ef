#pragma once

#include "models/embedders/catalog.h"
#include "tests/models/call.h"
#include "tests/runtime/net/client_bench.h"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::models::testing {

/// An embedder that answers as a test says, and keeps what it was asked.
class ScriptedEmbedder final : public Embedder {
 public:
  using Answer = std::function<Result<Vectors>(const std::vector<std::string>& texts, std::size_t call)>;
  explicit ScriptedEmbedder(EmbedderLimits limits, Answer answer)
      : limits_(limits), answer_(std::move(answer)) {}

  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
    calls.push_back(texts);
    co_return answer_(texts, calls.size());
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return 0; }
  EmbedderLimits limits() const override { return limits_; }

  std::vector<std::vector<std::string>> calls;

 private:
  std::string name_ = "scripted";
  EmbedderLimits limits_;
  Answer answer_;
};

/// Rows of two numbers: the length of the text, and 1.
inline Vectors lengths(const std::vector<std::string>& texts) {
  Vectors vectors{.dimensions = 2, .usage = {.input_tokens = static_cast<std::int64_t>(texts.size())}};
  for (const std::string& text : texts) {
    vectors.values.push_back(static_cast<float>(text.size()));
    vectors.values.push_back(1);
  }
  return vectors;
}

/// A loop and a context for calls of embedders.
struct EmbedCaller {
  Result<Vectors> embed(Embedder& embedder, std::vector<std::string> texts, Deadline deadline = {}) {
    CallContext context{.loop = bench.loop, .stop = bench.stop, .deadline = deadline, .events = events};
    return fakes::run(bench.loop, embedder.embed(std::move(texts), context));
  }
  EmbedderServices services() {
    return {.http = bench.client, .loop = bench.loop, .rng = rng, .workers = workers};
  }
  /// The embedder of one entry, as the catalog makes it.
  std::shared_ptr<Embedder> make(EmbedderSettings settings) {
    auto table = make_embedders({settings}, services());
    REQUIRE_MESSAGE(table.has_value(), table.error().message);
    return table->at(settings.name);
  }

  net::ClientBench bench;
  RecordingEvents events;
  SystemRng rng;
  Workers workers{1};
};

inline EmbedderSettings embedder_entry(std::string provider, std::string base_url = "") {
  EmbedderSettings settings;
  settings.name = "default";
  settings.provider = std::move(provider);
  settings.model = "m";
  settings.base_url = std::move(base_url);
  settings.retries = 0;
  return settings;
}

}  // namespace troupe::models::testing
