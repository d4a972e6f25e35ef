#include "app/eval/corpus_base.h"

#include "memory/knowledge/loaders/load.h"
#include "runtime/async/offload.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kThreads = 1;  // that cut and index; the loop embeds meanwhile

/// The documents of a corpus are texts already: nothing of them is guessed.
class CorpusReader final : public memory::DocumentReader {
 public:
  explicit CorpusReader(const memory::Corpus& corpus) {
    for (const memory::CorpusDocument& document : corpus.documents) by_id_.emplace(document.id, &document);
  }

  Task<Result<memory::Document>> read(memory::ReadRequest request, Milliseconds, Stop&) override {
    auto document = memory::loaders::load(request.bytes, memory::loaders::Format::text);
    if (!document) co_return document;
    const memory::CorpusDocument& given = *by_id_.at(request.source);
    document->title = given.title;
    document->metadata = given.metadata;
    co_return document;
  }

 private:
  std::unordered_map<std::string_view, const memory::CorpusDocument*> by_id_;
};

}  // namespace

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<std::filesystem::path> ScratchFolder::make() {
  std::error_code error;
  const std::filesystem::path above = std::filesystem::temp_directory_path(error);
  std::string pattern = (above / "troupe-eval-XXXXXX").string();
  if (error || !mkdtemp(pattern.data()))
    return fail(ErrorCode::store,
                fmt::format("a folder for the corpus cannot be made in `{}`: {}; set TMPDIR to one that can "
                            "be written",
                            above.string(), error ? error.message() : std::strerror(errno)));
  path_ = pattern;
  return path_;
}

Task<Result<memory::IngestReport>> take_corpus(LibraryServices services, const memory::ConfiguredBase& base,
                                               const memory::Corpus& corpus,
                                               std::function<void(const memory::IngestProgress&)> on_progress,
                                               EventSink& events, Stop& stop) {
  memory::IngestRequest request;
  request.origin = memory::Origin::added;
  for (const memory::CorpusDocument& document : corpus.documents)
    request.given.push_back({.name = document.id, .bytes = document.text});
  request.on_progress = std::move(on_progress);
  Workers workers(kThreads);
  CorpusReader reader(corpus);
  const memory::IngestServices with{.loop = services.loop,
                                    .workers = workers,
                                    .store = services.library.store(),
                                    .reader = reader,
                                    .embedder = base.embedder,
                                    .events = events};
  memory::IngestTarget target{.key = {"", base.settings.name},
                              .embedding = base.embedding,
                              .chunk = base.settings.chunk,
                              .limits = base.settings.limits};
  target.limits.files = std::max(target.limits.files, corpus.documents.size());
  if (base.settings.chunk.unit == "tokens") target.encoding = models::tokens::EncodingName::cl100k_base;
  co_return co_await memory::ingest(with, std::move(target), std::move(request), stop);
}

}  // namespace troupe::app
