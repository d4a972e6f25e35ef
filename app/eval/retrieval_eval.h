#pragma once

#include "app/eval/retrieval_figures.h"
#include "app/eval/sample_file.h"
#include "app/wiring.h"
#include "memory/evaluation/cases.h"
#include "memory/evaluation/corpus.h"
#include "memory/knowledge/search/overrides.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

/// Questions for knowledge bases, and the ways of searching that are held against each other.
struct RetrievalWork {
  std::string file;  ///< as messages name it
  std::vector<memory::RetrievalCase> cases;
  std::vector<SearchSetup> setups;
  memory::SearchOverrides overrides;     ///< of all of them; `mode` and `k` are not looked at
  std::optional<memory::Corpus> corpus;  ///< taken into each of the bases first
  std::size_t k = 10;                    ///< documents that count
  std::size_t jobs = 1;
};

/// Searches for every question in every way and scores what is found. What is done is shown on standard
/// error. Returns an exit code: kFailed when a search or a document of the corpus failed, kUsage for a base
/// that is not there or settings that cannot be used, kInterrupted after SIGINT; `results` has then what was
/// done until then.
Task<int> search_cases(LibraryServices services, const RetrievalWork& work, SampleFile& samples,
                       std::vector<RetrievalResult>& results);

/// Pure.
Json to_json(const std::vector<RetrievalResult>& results, std::size_t k);

}  // namespace troupe::app
