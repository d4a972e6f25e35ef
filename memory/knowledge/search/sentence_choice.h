#pragma once

#include "memory/knowledge/search/extract.h"
#include "memory/knowledge/search/model_call.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Contextual compression by a model that names sentences: what stays is the document's own words, whatever
/// the model writes. Passages past kShownPassages, and sentences of a passage past kShownPassageBytes, are
/// not shown to it.

/// {"query", "passages": [{"index": 1, "sentences": {"1": "…", "2": "…"}}]}. Pure.
Json sentence_data(std::string_view query, const Extraction& extraction, std::size_t passages);

/// Reads which sentences matter: a list of {"index", "sentences": [1, 3]}, also as a member of an object, or
/// {"1": [1, 3]}. For each passage the numbers in extraction.sentences(), ascending, at most `most` (the
/// first that the model named); empty where it named none. Unknown numbers are passed over. Errors: protocol,
/// when nothing in it is of that form. Pure.
Result<std::vector<std::vector<std::size_t>>> read_sentence_choice(std::string_view reply,
                                                                   const Extraction& extraction,
                                                                   std::size_t passages, std::size_t most);

/// Asks a model (prompt `compress`, intent rerank: both weigh passages against a query). For each passage
/// what read_sentence_choice() gives, and Extraction::best() where it named none, or failed: then with a
/// warning event `compress_failed` and the remark. Errors: only cancelled or timeout, when the context's stop
/// was requested.
struct SentenceChoice {
  std::vector<std::vector<std::size_t>> kept;
  std::string remark;
};
Task<Result<SentenceChoice>> choose_sentences(models::Model& model, const prompts::Prompt& prompt,
                                              std::string query, const Extraction& extraction,
                                              std::size_t passages, std::size_t most,
                                              const models::UseSink& spent, CallContext& context);

}  // namespace troupe::memory
