#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe::models {

/// What texts became: a row each, in their order, in one block.
struct Vectors {
  std::vector<float> values;  ///< rows × dimensions, row after row; every one is finite
  std::size_t dimensions = 0;
  Usage usage;

  std::size_t rows() const { return dimensions ? values.size() / dimensions : 0; }
  std::span<const float> row(std::size_t i) const {
    return std::span(values).subspan(i * dimensions, dimensions);
  }
};

/// How much an embedder reads at once; 0: not known, or no limit.
struct EmbedderLimits {
  std::size_t texts = 0;         ///< in one request; a call of more is sent as several
  std::int64_t text_tokens = 0;  ///< of one text
  std::int64_t call_tokens = 0;  ///< of all texts of one request
};

/// Turns texts into vectors, so that texts alike have vectors of a small angle. Concurrent calls are fine.
/// Loop thread only.
class Embedder {
 public:
  virtual ~Embedder() = default;
  /// A vector for each text, in their order, in any number: more than the provider takes at once go out one
  /// request after the other. No texts are no rows. Vectors are as the provider gives them: not every one has
  /// length 1. Errors, none of which gives a part: invalid (a text is empty or blank; nothing was sent),
  /// too_large (a text is longer than the model reads), model (the server answered with an error; `status` is
  /// set), protocol (not as many vectors as texts, of another number of dimensions than was configured or
  /// came before, or not finite), network, timeout, cancelled.
  virtual Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) = 0;
  /// The configured name.
  virtual const std::string& name() const = 0;
  /// Of every vector; 0 before the first answer of an embedder whose entry does not say.
  virtual std::size_t dimensions() const = 0;
  virtual EmbedderLimits limits() const = 0;
  /// The same for what texts are searched by, where the provider reads that otherwise.
  virtual Task<Result<Vectors>> embed_queries(std::vector<std::string> texts, CallContext& context) {
    return embed(std::move(texts), context);
  }
  /// What tells its vectors from those of an earlier version of it, beside its entry; "" where nothing does.
  virtual std::string version() const { return {}; }
};

/// The configured embedders by their name in `embeddings:`.
using EmbedderTable = std::map<std::string, std::shared_ptr<Embedder>, std::less<>>;

}  // namespace troupe::models
