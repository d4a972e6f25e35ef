#pragma once

#include "memory/evaluation/cases.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

inline constexpr std::size_t kCorpusLineBytes = 8u << 20;
inline constexpr std::size_t kCorpusDocuments = 1'000'000;  ///< lines of one file

/// A text that retrieval cases are tried on; `relevant` of a case names it by its id.
struct CorpusDocument {
  std::size_t line = 0;  ///< of the file, from 1
  std::string id;
  std::string title;  ///< may be empty
  std::string text;   ///< may be empty: such a document is there and is never found
  Json metadata = Json::object();
};

struct Corpus {
  std::vector<CorpusDocument> documents;
  std::vector<CaseProblem> problems;  ///< by line; those of the whole file last

  bool ok() const;
};

/// Reads a corpus as BEIR (Thakur et al. 2021) and others publish them: UTF-8, one JSON object a line,
///   id        (or _id, doc_id): a text or a whole number, each once;
///   text      (or contents), title: texts;
///   metadata  an object. Other keys whose values are texts, numbers, true or false are metadata, too.
/// A line with a problem is left out, the lines behind it are read. Pure; any thread.
Corpus read_corpus(std::string_view text);

/// Remarks about documents that are relevant to a question and not in the corpus: they can never be found,
/// which is more often a mistake than meant. By the line of the question; of more than kCaseProblems, how
/// many there are. Pure; any thread.
std::vector<CaseProblem> missing_documents(const std::vector<RetrievalCase>& cases, const Corpus& corpus);

}  // namespace troupe::memory
