#include "memory/knowledge/store/knowledge_store.h"
#include "memory/knowledge/store/schema.h"
#include "memory/knowledge/store/writes.h"
#include "runtime/async/offload.h"
#include "runtime/store/reader_pool.h"

#include <unistd.h>
#include <utility>

namespace troupe::memory {

namespace {

using store::Database;

class SqliteKnowledge final : public KnowledgeStore {
 public:
  SqliteKnowledge(Loop& loop, std::string file)
      : loop_(loop), file_(std::move(file)), readers_(loop, file_) {}

  Task<Result<BaseRow>> claim_base(BaseKey key, std::string embedding) override {
    auto work = [key = std::move(key), embedding = std::move(embedding)](Database& database) {
      return memory::claim_base(database, key, embedding);
    };
    co_return co_await write(std::move(work));
  }
  Task<Result<Change>> put_document(BaseRow base, NewDocument document) override {
    auto work = [base = std::move(base), document = std::move(document)](Database& database) {
      return memory::put_document(database, base, document);
    };
    co_return co_await write(std::move(work));
  }
  Task<Result<>> touch_document(std::int64_t document, Origin origin, std::string stamp) override {
    auto work = [document, origin, stamp = std::move(stamp)](Database& database) {
      return memory::touch_document(database, document, origin, stamp);
    };
    co_return co_await write(std::move(work));
  }
  Task<Result<std::optional<Change>>> remove_document(std::int64_t base, std::string source,
                                                      std::optional<Origin> brought_by) override {
    auto work = [base, source = std::move(source), brought_by](Database& database) {
      return memory::remove_document(database, base, source, brought_by);
    };
    co_return co_await write(std::move(work));
  }
  Task<Result<bool>> remove_base(BaseKey key) override {
    auto work = [key = std::move(key)](Database& database) { return memory::remove_base(database, key); };
    co_return co_await write(std::move(work));
  }
  Task<Result<std::uint64_t>> shrink(Stop& stop) override {
    std::uint64_t bytes = 0;
    for (bool more = there(); more && !stop.requested();) {
      auto work = [](Database& database) { return memory::shrink(database); };
      auto step = co_await write(std::move(work));
      if (!step) co_return fail(std::move(step.error()));
      bytes += step->bytes;
      more = step->more;
    }
    if (bytes == 0) co_return bytes;
    // The file ends earlier once its log was written back into it; who reads it now may put that off.
    auto work = [](Database& database) { return database.execute("PRAGMA wal_checkpoint(PASSIVE)"); };
    auto done = co_await write(std::move(work));
    if (!done) co_return fail(std::move(done.error()));
    co_return bytes;
  }

  Task<Result<std::vector<BaseRow>>> list_bases() override {
    auto query = [](Database& database) { return memory::list_bases(database); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::optional<BaseRow>>> read_base(BaseKey key) override {
    auto query = [key = std::move(key)](Database& database) { return memory::read_base(database, key); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::optional<BaseRow>>> find_base(BaseKey key) override {
    auto query = [key = std::move(key)](Database& database) { return memory::find_base(database, key); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<DocumentRow>>> list_documents(std::int64_t base, std::string after,
                                                        std::size_t limit) override {
    auto query = [base, after = std::move(after), limit](Database& database) {
      return memory::list_documents(database, base, after, limit);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::optional<DocumentRow>>> read_document(std::int64_t base, std::string source) override {
    auto query = [base, source = std::move(source)](Database& database) {
      return memory::read_document(database, base, source);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::optional<Document>>> document_text(std::int64_t document) override {
    auto query = [document](Database& database) { return memory::document_text(database, document); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<TermMatch>>> match_terms(
      std::int64_t base, std::string match, std::size_t limit,
      std::optional<std::vector<std::int64_t>> documents) override {
    auto query = [base, match = std::move(match), limit,
                  documents = std::move(documents)](Database& database) {
      return memory::match_terms(database, base, match, limit, documents ? &*documents : nullptr);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<StoredChunk>>> read_chunks(std::vector<std::int64_t> ids) override {
    auto query = [ids = std::move(ids)](Database& database) { return memory::read_chunks(database, ids); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<StoredChunk>>> chunks_between(std::int64_t document, std::int64_t first,
                                                        std::int64_t last) override {
    auto query = [document, first, last](Database& database) {
      return memory::chunks_between(database, document, first, last);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<StoredChunk>>> chunks_at(std::int64_t document, std::size_t begin,
                                                   std::size_t end) override {
    auto query = [=](Database& database) { return memory::chunks_at(database, document, begin, end); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<float>>> read_vectors(std::vector<std::int64_t> ids,
                                                std::size_t dimensions) override {
    auto query = [ids = std::move(ids), dimensions](Database& database) {
      return memory::read_vectors(database, ids, dimensions);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<ChunkPage>> chunk_page(std::int64_t base, std::int64_t after, std::size_t limit,
                                     std::size_t dimensions) override {
    auto query = [=](Database& database) {
      return memory::chunk_page(database, base, after, limit, dimensions);
    };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<DocumentSize>>> document_sizes(std::int64_t base, std::int64_t after,
                                                         std::size_t limit) override {
    auto query = [=](Database& database) { return memory::document_sizes(database, base, after, limit); };
    co_return co_await read(std::move(query));
  }
  Task<Result<std::vector<DocumentFields>>> document_fields(std::int64_t base, std::int64_t after,
                                                            std::size_t limit) override {
    auto query = [=](Database& database) { return memory::document_fields(database, base, after, limit); };
    co_return co_await read(std::move(query));
  }
  // Longer than a query of the readers may take.
  Task<Result<std::vector<std::string>>> check() override {
    if (!there()) co_return std::vector<std::string>();
    auto work = [](Database& database) { return check_knowledge(database); };
    co_return co_await write(std::move(work));
  }

 private:
  bool there() const { return ::access(file_.c_str(), F_OK) == 0; }

  // Runs on the writer's thread.
  Result<Database*> writable() {
    if (!database_) {
      auto opened = open_knowledge(file_);
      if (!opened) return fail(std::move(opened.error()));
      database_.emplace(std::move(*opened));
    }
    return &*database_;
  }

  template <class Work>
  auto write(Work work) -> Task<std::invoke_result_t<Work&, Database&>> {
    using Answer = std::invoke_result_t<Work&, Database&>;
    auto job = [this, &work]() -> Answer {
      auto database = writable();
      if (!database) return fail(std::move(database.error()));
      return work(**database);
    };
    co_return co_await offload(loop_, writer_, std::move(job));
  }

  template <class Query>
  auto read(Query query) -> Task<std::invoke_result_t<Query&, Database&>> {
    using Answer = std::invoke_result_t<Query&, Database&>;
    // The first opening may have to make the file, or to find that it is of another version.
    if (!opened_) {
      if (!there()) co_return typename Answer::value_type{};
      auto open = [this]() -> Result<> {
        auto database = writable();
        return database ? Result<>() : fail(std::move(database.error()));
      };
      auto done = co_await offload(loop_, writer_, std::move(open));
      if (!done) co_return fail(std::move(done.error()));
      opened_ = true;
    }
    co_return co_await readers_.read(std::move(query));
  }

  Loop& loop_;
  const std::string file_;
  bool opened_ = false;
  std::optional<Database> database_;  // of the writer's thread
  store::ReaderPool readers_;
  Workers writer_{1};  // last: it ends before what it works on
};

}  // namespace

std::unique_ptr<KnowledgeStore> make_sqlite_knowledge(Loop& loop, std::string file) {
  return std::make_unique<SqliteKnowledge>(loop, std::move(file));
}

}  // namespace troupe::memory
