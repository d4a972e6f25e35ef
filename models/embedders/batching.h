#pragma once

#include "models/embedder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe::models {

/// Where the requests of one call end: of texts with these numbers of tokens, at most limits.texts to a
/// request, and not more than fit into limits.call_tokens, but always one. `tokens` are estimates, so a
/// third of call_tokens is left free. Pure.
std::vector<std::size_t> batch_ends(std::span<const std::int64_t> tokens, const EmbedderLimits& limits);

/// What of a provider's answer is held against the call: as many rows as texts, of `dimensions` (0: not known
/// yet). Errors: protocol.
Result<> check_vectors(const Vectors& vectors, std::size_t texts, std::size_t dimensions);

/// A call of any number of texts as requests of an embedder that sends one a call, one after the other. It is
/// here that blank texts are refused and answers are held against what was asked. Loop thread.
class Batching final : public Embedder {
 public:
  explicit Batching(std::shared_ptr<Embedder> embedder);

  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) override;
  const std::string& name() const override { return embedder_->name(); }
  std::size_t dimensions() const override { return dimensions_; }
  EmbedderLimits limits() const override { return embedder_->limits(); }
  Task<Result<Vectors>> embed_queries(std::vector<std::string> texts, CallContext& context) override;
  std::string version() const override { return embedder_->version(); }

 private:
  using Request = Task<Result<Vectors>> (Embedder::*)(std::vector<std::string>, CallContext&);
  Task<Result<Vectors>> in_requests(std::vector<std::string> texts, CallContext& context, Request request);
  Result<> take(Result<Vectors> answer, std::size_t texts, Vectors& all);

  std::shared_ptr<Embedder> embedder_;
  std::size_t dimensions_;  // 0 before the first answer
};

}  // namespace troupe::models
