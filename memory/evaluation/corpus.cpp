#include "memory/evaluation/corpus.h"

#include "memory/evaluation/case_values.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::array<std::string_view, 3> kIdNames = {"id", "_id", "doc_id"};
constexpr std::array<std::string_view, 2> kTextNames = {"text", "contents"};

template <std::size_t N>
const Json* first_of(const Json& object, const std::array<std::string_view, N>& names) {
  for (std::string_view name : names)
    if (const Json* value = find(object, name)) return value;
  return nullptr;
}

Result<std::string> text_of(const Json& object) {
  const Json* text = first_of(object, kTextNames);
  if (!text) return fail(ErrorCode::invalid, "has no `text`");
  if (!text->is_string())
    return fail(ErrorCode::invalid, "has a `text` that is " + excerpt_of(*text) + "; a text was expected");
  return text->get<std::string>();
}

Result<std::string> id_of(const Json& object) {
  const Json* id = first_of(object, kIdNames);
  if (!id) return fail(ErrorCode::invalid, "has no `id` (or `_id`)");
  auto read = case_id(*id);
  if (!read) return fail(ErrorCode::invalid, "has an `id` that " + read.error().message);
  return read;
}

Json metadata_of(const Json& object) {
  Json metadata = Json::object();
  auto take = [&metadata](const Json& from) {
    for (const auto& [key, value] : from.items())
      if (value.is_string() || value.is_number() || value.is_boolean()) metadata[key] = value;
  };
  take(object);
  for (std::string_view name : kIdNames) metadata.erase(std::string(name));
  for (std::string_view name : kTextNames) metadata.erase(std::string(name));
  metadata.erase("title");
  if (const Json* own = find(object, "metadata"); own && own->is_object()) take(*own);
  return metadata;
}

Result<CorpusDocument> document_of(std::size_t line, std::string_view text) {
  if (text.size() > kCorpusLineBytes)
    return fail(ErrorCode::too_large,
                fmt::format("has {} bytes; a line has at most {}", text.size(), kCorpusLineBytes));
  const auto object = parse_json(text);
  if (!object) return fail(ErrorCode::invalid, "is no JSON: " + object.error().message);
  if (!object->is_object())
    return fail(ErrorCode::invalid, "is " + excerpt_of(*object) + "; {\"id\": …, \"text\": …} was expected");
  auto id = id_of(*object);
  if (!id) return fail(std::move(id.error()));
  auto body = text_of(*object);
  if (!body) return fail(std::move(body.error()));
  return CorpusDocument{line, std::move(*id), string_or(*object, "title"), std::move(*body),
                        metadata_of(*object)};
}

}  // namespace

bool Corpus::ok() const {
  return std::ranges::none_of(problems, &CaseProblem::fatal);
}

Corpus read_corpus(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Corpus corpus;
  std::unordered_map<std::string, std::size_t> lines;
  std::size_t problems = 0;
  auto problem = [&](std::size_t line, std::string message) {
    if (problems++ < kCaseProblems) corpus.problems.push_back({line, true, std::move(message)});
  };
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = models::builtin::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (corpus.documents.size() == kCorpusDocuments) {
      problem(number,
              fmt::format("is document {}; a corpus has at most {}", kCorpusDocuments + 1, kCorpusDocuments));
      break;
    }
    auto document = document_of(number, line);
    if (!document) {
      problem(number, document.error().message);
    } else if (const auto [at, added] = lines.try_emplace(document->id, number); !added) {
      problem(number, fmt::format("has the id `{}` of line {}", document->id, at->second));
    } else {
      corpus.documents.push_back(std::move(*document));
    }
  }
  if (problems > kCaseProblems)
    corpus.problems.push_back({0, true, fmt::format("{} more problems", problems - kCaseProblems)});
  if (problems == 0 && corpus.documents.empty())
    corpus.problems.push_back({0, true, "there is no document; one object a line was expected"});
  return corpus;
}

std::vector<CaseProblem> missing_documents(const std::vector<RetrievalCase>& cases, const Corpus& corpus) {
  std::unordered_set<std::string_view> ids;
  for (const CorpusDocument& document : corpus.documents) ids.insert(document.id);
  std::vector<CaseProblem> missing;
  std::size_t count = 0;
  for (const RetrievalCase& one : cases)
    for (const auto& [id, grade] : one.relevant)
      if (grade > 0 && !ids.contains(id) && count++ < kCaseProblems)
        missing.push_back(
            {one.line, false, fmt::format("`{}` is relevant, but is no document of the corpus", id)});
  if (count > kCaseProblems)
    missing.push_back({0, false, fmt::format("{} more documents are not there", count - kCaseProblems)});
  return missing;
}

}  // namespace troupe::memory
