#include "memory/knowledge/store/queries.h"

#include "memory/knowledge/store/layout.h"
#include "memory/knowledge/store/schema.h"
#include "runtime/store/rows.h"

#include <cstring>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using store::all_rows;
using store::Database;
using store::first_integer;
using store::for_each_row;
using store::one_row;
using store::Statement;

constexpr const char* kBaseColumns =
    "SELECT id, tenant, name, embedding, dimensions, generation,"
    " (SELECT count(*) FROM documents WHERE base = bases.id),"
    " (SELECT coalesce(sum(chunks), 0) FROM documents WHERE base = bases.id) FROM bases ";

#define TROUPE_CHUNK_COLUMNS                                                                  \
  "SELECT c.id, c.document, c.ordinal, c.first, c.last, c.page, c.heading, c.text, d.source," \
  " d.title, d.metadata FROM chunks c JOIN documents d ON d.id = c.document "

Json json_of(std::string_view text) {
  auto value = parse_json(text);
  return value ? std::move(*value) : Json();
}

Json object_of(std::string_view text) {
  Json value = json_of(text);
  return value.is_object() ? value : Json::object();
}

BaseRow base_of(const Statement& row) {
  return {.id = row.integer(0),
          .key = {std::string(row.text(1)), std::string(row.text(2))},
          .embedding = std::string(row.text(3)),
          .dimensions = static_cast<std::size_t>(row.integer(4)),
          .generation = row.integer(5),
          .documents = row.integer(6),
          .chunks = row.integer(7)};
}

constexpr const char* kDocumentColumns =
    "SELECT id, source, origin, content, preparation, stamp, title, format, text_bytes, chunks, at_ms,"
    " metadata, remarks FROM documents ";

DocumentRow document_of(const Statement& row) {
  DocumentRow document{
      .id = row.integer(0),
      .source = std::string(row.text(1)),
      .origin = row.text(2) == word(Origin::added) ? Origin::added : Origin::sources,
      .version = {std::string(row.text(3)), std::string(row.text(4)), std::string(row.text(5))},
      .title = std::string(row.text(6)),
      .format = std::string(row.text(7)),
      .text_bytes = row.integer(8),
      .chunks = row.integer(9),
      .at_ms = row.integer(10),
      .metadata = object_of(row.text(11)),
      .remarks = {}};
  for (const Json& remark : json_of(row.text(12)))
    if (remark.is_string()) document.remarks.push_back(remark.get<std::string>());
  return document;
}

StoredChunk chunk_of(const Statement& row) {
  return {.id = row.integer(0),
          .document = row.integer(1),
          .ordinal = static_cast<std::size_t>(row.integer(2)),
          .begin = static_cast<std::size_t>(row.integer(3)),
          .end = static_cast<std::size_t>(row.integer(4)),
          .page = static_cast<int>(row.integer(5)),
          .heading = std::string(row.text(6)),
          .source = std::string(row.text(8)),
          .title = std::string(row.text(9)),
          .text = std::string(row.text(7)),
          .metadata = object_of(row.text(10))};
}

TermMatch match_of(const Statement& row) {
  return {row.integer(0), row.real(1)};
}

bool append_vector(std::vector<float>& values, std::string_view bytes, std::size_t dimensions) {
  const std::size_t before = values.size();
  values.resize(before + dimensions);
  if (bytes.size() != dimensions * sizeof(float)) return false;
  std::memcpy(values.data() + before, bytes.data(), bytes.size());
  return true;
}

Result<> check_base(Database& database, const BaseRow& base, std::vector<std::string>& wrong) {
  const std::string name = base.key.tenant.empty() ? base.key.name : base.key.tenant + "/" + base.key.name;
  const std::string terms = terms_table(base.id);
  struct Rule {
    std::string sql;
    std::string sentence;
  };
  const Rule rules[] = {
      {fmt::format("SELECT count(*) FROM chunks WHERE base = {0} AND id NOT IN (SELECT rowid FROM {1})",
                   base.id, terms),
       "chunks of `" + name + "` have no terms"},
      {fmt::format("SELECT count(*) FROM {1} WHERE rowid NOT IN (SELECT id FROM chunks WHERE base = {0})",
                   base.id, terms),
       "terms of `" + name + "` have no chunk"},
      {fmt::format("SELECT count(*) FROM chunks WHERE base = {} AND length(vector) != {}", base.id,
                   base.dimensions * sizeof(float)),
       "vectors of `" + name + "` have another length than its others"},
      {fmt::format("SELECT count(*) FROM documents d WHERE base = {} AND chunks !="
                   " (SELECT count(*) FROM chunks c WHERE c.document = d.id)",
                   base.id),
       "documents of `" + name + "` have not as many chunks as they say"},
      {fmt::format("SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document"
                   " WHERE c.base = {} AND (d.base != c.base OR c.last > d.text_bytes OR c.first > c.last)",
                   base.id),
       "chunks of `" + name + "` are not part of their document"}};
  for (const Rule& rule : rules) {
    auto count = one_row<std::int64_t>(database, rule.sql, first_integer);
    if (!count) return fail(std::move(count.error()));
    if (count->value_or(0) > 0) wrong.push_back(fmt::format("{}: {}", **count, rule.sentence));
  }
  return {};
}

}  // namespace

Result<std::vector<BaseRow>> list_bases(Database& database) {
  return all_rows<BaseRow>(database, std::string(kBaseColumns) + "ORDER BY tenant, name", base_of);
}

Result<std::optional<BaseRow>> read_base(Database& database, const BaseKey& key) {
  return one_row<BaseRow>(database, std::string(kBaseColumns) + "WHERE tenant = ? AND name = ?", base_of,
                          key.tenant, key.name);
}

Result<std::optional<BaseRow>> find_base(Database& database, const BaseKey& key) {
  auto make = [](const Statement& row) {
    return BaseRow{.id = row.integer(0),
                   .key = {std::string(row.text(4)), std::string(row.text(5))},
                   .embedding = std::string(row.text(1)),
                   .dimensions = static_cast<std::size_t>(row.integer(2)),
                   .generation = row.integer(3)};
  };
  return one_row<BaseRow>(
      database,
      "SELECT id, embedding, dimensions, generation, tenant, name FROM bases WHERE tenant = ? AND name = ?",
      +make, key.tenant, key.name);
}

Result<std::vector<DocumentRow>> list_documents(Database& database, std::int64_t base, std::string_view after,
                                                std::size_t limit) {
  return all_rows<DocumentRow>(
      database, std::string(kDocumentColumns) + "WHERE base = ? AND source > ? ORDER BY source LIMIT ?",
      document_of, base, after, limit);
}

Result<std::optional<DocumentRow>> read_document(Database& database, std::int64_t base,
                                                 std::string_view source) {
  return one_row<DocumentRow>(database, std::string(kDocumentColumns) + "WHERE base = ? AND source = ?",
                              document_of, base, source);
}

Result<std::optional<Document>> document_text(Database& database, std::int64_t document) {
  std::optional<Document> found;
  auto take = [&](const Statement& row) -> Result<> {
    Json layout = json_of(row.text(0));
    layout["metadata"] = object_of(row.text(2));
    layout["remarks"] = json_of(row.text(3));
    auto read = document_from(layout, row.text(1));
    if (!read) return fail(std::move(read.error()));
    found = std::move(*read);
    return {};
  };
  auto done = for_each_row(database, "SELECT layout, text, metadata, remarks FROM documents WHERE id = ?",
                           take, document);
  if (!done) return fail(std::move(done.error()));
  return found;
}

Result<std::vector<TermMatch>> match_terms(Database& database, std::int64_t base, const std::string& match,
                                           std::size_t limit, const std::vector<std::int64_t>* documents) {
  if (match.empty() || limit == 0) return std::vector<TermMatch>();
  const std::string table = terms_table(base);
  const std::string only =
      documents ? " AND rowid IN (SELECT id FROM chunks WHERE document IN (SELECT value FROM json_each(?3)))"
                : "";
  const std::string sql = fmt::format(
      "SELECT rowid, -bm25({0}) FROM {0} WHERE {0} MATCH ?1{1} ORDER BY bm25({0}), rowid LIMIT ?2", table,
      only);
  if (!documents) return all_rows<TermMatch>(database, sql, match_of, match, limit);
  return all_rows<TermMatch>(database, sql, match_of, match, limit,
                             fmt::format("[{}]", fmt::join(*documents, ",")));
}

Result<std::vector<StoredChunk>> read_chunks(Database& database, std::span<const std::int64_t> ids) {
  std::vector<StoredChunk> chunks;
  chunks.reserve(ids.size());
  for (std::int64_t id : ids) {
    auto chunk = one_row<StoredChunk>(database, TROUPE_CHUNK_COLUMNS "WHERE c.id = ?", chunk_of, id);
    if (!chunk) return fail(std::move(chunk.error()));
    if (*chunk) chunks.push_back(std::move(**chunk));
  }
  return chunks;
}

Result<std::vector<StoredChunk>> chunks_between(Database& database, std::int64_t document, std::int64_t first,
                                                std::int64_t last) {
  return all_rows<StoredChunk>(
      database, TROUPE_CHUNK_COLUMNS "WHERE c.document = ? AND c.ordinal BETWEEN ? AND ? ORDER BY c.ordinal",
      chunk_of, document, first, last);
}

Result<std::vector<StoredChunk>> chunks_at(Database& database, std::int64_t document, std::size_t begin,
                                           std::size_t end) {
  return all_rows<StoredChunk>(
      database, TROUPE_CHUNK_COLUMNS "WHERE c.document = ? AND c.last > ? AND c.first < ? ORDER BY c.ordinal",
      chunk_of, document, begin, end);
}

Result<std::vector<float>> read_vectors(Database& database, std::span<const std::int64_t> ids,
                                        std::size_t dimensions) {
  std::vector<float> values;
  values.reserve(ids.size() * dimensions);
  for (std::int64_t id : ids) {
    const std::size_t before = values.size();
    auto take = [&](const Statement& row) -> Result<> {
      append_vector(values, row.blob(0), dimensions);
      return {};
    };
    auto done = for_each_row(database, "SELECT vector FROM chunks WHERE id = ?", take, id);
    if (!done) return fail(std::move(done.error()));
    values.resize(before + dimensions);
  }
  return values;
}

Result<ChunkPage> chunk_page(Database& database, std::int64_t base, std::int64_t after, std::size_t limit,
                             std::size_t dimensions) {
  ChunkPage page;
  auto take = [&](const Statement& row) -> Result<> {
    page.places.push_back(
        {row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), std::string(row.text(3))});
    if (dimensions == 0 || append_vector(page.vectors, row.blob(4), dimensions)) return {};
    return fail(ErrorCode::protocol,
                fmt::format("{}: the vector of chunk {} has {} bytes where {} belong", database.file(),
                            row.integer(0), row.blob(4).size(), dimensions * sizeof(float)));
  };
  auto done = dimensions == 0
                  ? for_each_row(database,
                                 "SELECT id, document, page, heading FROM chunks WHERE base = ? AND id > ?"
                                 " ORDER BY id LIMIT ?",
                                 take, base, after, limit)
                  : for_each_row(database,
                                 "SELECT id, document, page, heading, vector FROM chunks"
                                 " WHERE base = ? AND id > ? ORDER BY id LIMIT ?",
                                 take, base, after, limit);
  if (!done) return fail(std::move(done.error()));
  return page;
}

Result<std::vector<DocumentSize>> document_sizes(Database& database, std::int64_t base, std::int64_t after,
                                                 std::size_t limit) {
  auto make = [](const Statement& row) { return DocumentSize{row.integer(0), row.integer(1)}; };
  return all_rows<DocumentSize>(
      database, "SELECT id, chunks FROM documents WHERE base = ? AND id > ? ORDER BY id LIMIT ?", +make, base,
      after, limit);
}

Result<std::vector<DocumentFields>> document_fields(Database& database, std::int64_t base, std::int64_t after,
                                                    std::size_t limit) {
  auto make = [](const Statement& row) {
    DocumentFields document{.id = row.integer(0), .at_ms = row.integer(1), .fields = object_of(row.text(2))};
    document.fields["source"] = std::string(row.text(3));
    document.fields["title"] = std::string(row.text(4));
    document.fields["format"] = std::string(row.text(5));
    return document;
  };
  return all_rows<DocumentFields>(
      database,
      "SELECT id, at_ms, metadata, source, title, format FROM documents WHERE base = ? AND id > ?"
      " ORDER BY id LIMIT ?",
      +make, base, after, limit);
}

Result<std::vector<std::string>> check_knowledge(Database& database) {
  auto bases = list_bases(database);
  if (!bases) return fail(std::move(bases.error()));
  std::vector<std::string> wrong;
  auto whole = database.text("PRAGMA integrity_check(1)");
  if (!whole) return fail(std::move(whole.error()));
  if (whole->value_or("") != "ok") wrong.push_back(whole->value_or(""));
  for (const BaseRow& base : *bases)
    if (auto done = check_base(database, base, wrong); !done) return fail(std::move(done.error()));
  return wrong;
}

}  // namespace troupe::memory
