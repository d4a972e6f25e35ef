#include "tests/memory/store/knowledge_rows.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::testing;

using Ids = std::vector<std::int64_t>;
using Sizes = std::vector<DocumentSize>;
using Texts = std::vector<std::string>;

TEST_CASE(
    "a document that was put is found whole, with its chunks, vectors and terms, also after a reopening") {
  KnowledgeFile knowledge;
  Change change;
  {
    auto database = knowledge.open();
    const BaseRow base = take(claim_base(database, {"", "handbook"}, "builtin"));
    CHECK(base.generation == 0);
    change = take(put_document(database, base, words_document("a.md", "red green blue", 1)));
    CHECK(change.removed.empty());
    CHECK(change.added.size() == 3);
    CHECK(change.generation == 1);
  }
  auto database = knowledge.open();
  const auto bases = take(list_bases(database));
  REQUIRE(bases.size() == 1);
  CHECK(bases[0].key == BaseKey{"", "handbook"});
  CHECK(bases[0].embedding == "builtin");
  CHECK(bases[0].dimensions == 2);
  CHECK(bases[0].generation == 1);
  CHECK(bases[0].documents == 1);
  CHECK(bases[0].chunks == 3);

  const auto row = take(read_document(database, bases[0].id, "a.md"));
  REQUIRE(row.has_value());
  CHECK(row->version == DocumentVersion{"c-red green blue", "p1", "s1"});
  CHECK(row->title == "On a.md");
  CHECK(row->metadata == Json{{"length", 14}});
  CHECK(row->text_bytes == 14);

  const auto chunks = take(read_chunks(database, change.added));
  CHECK(texts(chunks) == Texts{"red", "green", "blue"});
  CHECK(chunks[1].begin == 4);
  CHECK(chunks[1].end == 9);
  CHECK(chunks[1].ordinal == 1);
  CHECK(chunks[1].heading == "H");
  CHECK(chunks[1].source == "a.md");
  CHECK(chunks[1].metadata == Json{{"length", 14}});
  CHECK(take(read_vectors(database, change.added, 2)) == std::vector<float>{1, 0.5, 2, 0.5, 3, 0.5});
  CHECK(ids(take(match_terms(database, bases[0].id, "\"green\"", 5, nullptr))) == Ids{change.added[1]});
  CHECK(texts(take(chunks_between(database, change.document, 1, 9))) == Texts{"green", "blue"});

  const auto document = take(document_text(database, change.document));
  REQUIRE(document.has_value());
  CHECK(document->text == "red green blue");
  CHECK(document->title == "On a.md");
  CHECK(take(check_knowledge(database)) == Texts{});
}

TEST_CASE("a document of the same source takes the place of the earlier one, and says which chunks went") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  const Change first = take(put_document(database, base, words_document("a", "one two")));
  const Change other = take(put_document(database, base, words_document("b", "one")));
  const Change second = take(put_document(database, base, words_document("a", "three")));

  CHECK(second.removed == first.added);
  CHECK(second.generation == 3);
  CHECK(take(match_terms(database, base.id, "\"two\"", 5, nullptr)).empty());
  CHECK(ids(take(match_terms(database, base.id, "\"one\"", 5, nullptr))) == other.added);
  CHECK(take(read_chunks(database, first.added)).empty());
  CHECK(take(read_vectors(database, first.added, 2)) == std::vector<float>{0, 0, 0, 0});
  // An id is never given again, so an index that missed a change cannot take one chunk for another.
  CHECK(second.added[0] > other.added[0]);
  CHECK(take(check_knowledge(database)) == Texts{});

  const auto gone = take(remove_document(database, base.id, "a"));
  REQUIRE(gone.has_value());
  CHECK(gone->removed == second.added);
  CHECK(gone->document == 0);
  CHECK_FALSE(take(remove_document(database, base.id, "a")).has_value());
  CHECK(take(list_documents(database, base.id, "", 10)).size() == 1);
  CHECK(take(check_knowledge(database)) == Texts{});
}

TEST_CASE("bases of two tenants of one name never meet, in rows, terms or weights of words") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow ours = take(claim_base(database, {"acme", "k"}, "e"));
  const BaseRow theirs = take(claim_base(database, {"globex", "k"}, "e"));
  const Change mine = take(put_document(database, ours, words_document("a", "apple pear plum")));
  const double alone = take(match_terms(database, ours.id, "\"apple\"", 5, nullptr)).at(0).score;
  take(put_document(database, theirs, words_document("a", "apple apple apple apple apple")));

  const auto found = take(match_terms(database, ours.id, "\"apple\"", 5, nullptr));
  CHECK(ids(found) == Ids{mine.added[0]});
  CHECK(found[0].score == alone);
  CHECK(chunks_of(take(chunk_page(database, ours.id, 0, 100, 2))) == mine.added);
  CHECK(take(document_fields(database, ours.id, 0, 100)).size() == 1);
  CHECK(take(document_sizes(database, ours.id, 0, 100)) ==
        Sizes{{mine.document, static_cast<std::int64_t>(mine.added.size())}});

  CHECK(take(remove_base(database, {"acme", "k"})));
  CHECK_FALSE(take(remove_base(database, {"acme", "k"})));
  CHECK_FALSE(take(read_base(database, {"acme", "k"})).has_value());
  CHECK(take(match_terms(database, theirs.id, "\"apple\"", 9, nullptr)).size() == 5);
  CHECK(take(read_chunks(database, mine.added)).empty());
  CHECK(take(check_knowledge(database)) == Texts{});
}

TEST_CASE("another embedding drops the vectors of a base and keeps its documents to be cut anew") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "small"));
  const Change change = take(put_document(database, base, words_document("a", "one two")));
  const BaseRow again = take(claim_base(database, {"", "k"}, "large"));

  CHECK(again.id == base.id);
  CHECK(again.dimensions == 0);
  CHECK(again.generation == 2);
  CHECK(take(chunk_page(database, base.id, 0, 10, 2)).places.empty());
  CHECK(take(match_terms(database, base.id, "\"one\"", 5, nullptr)).empty());
  CHECK(take(read_document(database, base.id, "a"))->version.preparation.empty());
  CHECK(take(document_text(database, change.document))->text == "one two");

  SUBCASE("how their texts were read is remembered, how they were cut is not") {
    NewDocument read = words_document("b", "three");
    read.version.preparation = "7:cut";
    take(put_document(database, again, read));
    take(claim_base(database, {"", "k"}, "small"));
    CHECK(take(read_document(database, base.id, "b"))->version.preparation == "7:");
  }
  SUBCASE("who still embeds with the earlier one is told") {
    auto late = put_document(database, base, words_document("b", "three"));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::conflict);
    CHECK(late.error().message.contains("another embedding by now (large, not small)"));
  }
  SUBCASE("vectors of another length are taken") {
    take(put_document(database, again, words_document("a", "one two", 0, 5)));
    CHECK(take(read_base(database, {"", "k"}))->dimensions == 5);
  }
  CHECK(take(check_knowledge(database)) == Texts{});
}

TEST_CASE("a document that cannot be put leaves what was there") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  take(put_document(database, base, words_document("a", "one two")));

  auto longer = put_document(database, base, words_document("a", "three", 0, 3));
  REQUIRE_FALSE(longer.has_value());
  CHECK(longer.error().code == ErrorCode::conflict);
  CHECK(longer.error().message.contains("holds vectors of 2 numbers, those of a have 3"));

  NewDocument torn = words_document("a", "three");
  torn.vectors.pop_back();
  CHECK(put_document(database, base, torn).error().code == ErrorCode::internal);
  torn = words_document("a", "three");
  torn.chunks[0].place.end = 99;
  CHECK(put_document(database, base, torn).error().code == ErrorCode::internal);

  CHECK(take(read_document(database, base.id, "a"))->version.content == "c-one two");
  CHECK(take(match_terms(database, base.id, "\"two\"", 5, nullptr)).size() == 1);
  CHECK_FALSE(database.in_transaction());

  take(remove_base(database, {"", "k"}));
  CHECK(put_document(database, base, words_document("a", "x")).error().code == ErrorCode::not_found);
}

TEST_CASE("a document without text has no chunks and says nothing of the number of dimensions") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  const Change empty = take(put_document(database, base, words_document("empty", "", 0, 7)));
  CHECK(empty.added.empty());
  CHECK(take(read_base(database, {"", "k"}))->dimensions == 0);
  take(put_document(database, base, words_document("full", "a", 0, 3)));
  CHECK(take(read_base(database, {"", "k"}))->dimensions == 3);
}

TEST_CASE("full-text search of some documents ranks among these, however many others match better") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  for (int i = 0; i < 50; ++i)
    take(put_document(database, base, words_document("noise" + std::to_string(i), "word")));
  const Change mine = take(put_document(database, base, words_document("mine", "word other")));
  const std::vector<std::int64_t> only{mine.document};
  CHECK(ids(take(match_terms(database, base.id, "\"word\"", 3, &only))) == Ids{mine.added[0]});
  const std::vector<std::int64_t> none;
  CHECK(take(match_terms(database, base.id, "\"word\"", 3, &none)).empty());
  CHECK(take(match_terms(database, base.id, "\"word\"", 3, nullptr)).size() == 3);
  CHECK(take(match_terms(database, base.id, "", 3, nullptr)).empty());
  CHECK_FALSE(match_terms(database, base.id, "AND (", 3, nullptr).has_value());
}

TEST_CASE("vectors come in pages by id, with the document of each") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  const Change a = take(put_document(database, base, words_document("a", "1 2 3", 1)));
  const Change b = take(put_document(database, base, words_document("b", "4 5", 4)));
  Ids chunks;
  Ids documents;
  std::vector<float> values;
  for (std::int64_t after = 0;;) {
    auto page = take(chunk_page(database, base.id, after, 2, 2));
    if (page.places.empty()) break;
    CHECK(page.places.size() <= 2);
    after = page.places.back().chunk;
    for (const ChunkPage::Place& place : page.places) {
      chunks.push_back(place.chunk);
      documents.push_back(place.document);
      CHECK(place.page == 1);
      CHECK(place.heading == "H");
    }
    values.insert(values.end(), page.vectors.begin(), page.vectors.end());
  }
  CHECK(chunks.size() == 5);
  CHECK(documents == Ids{a.document, a.document, a.document, b.document, b.document});
  CHECK(values == std::vector<float>{1, .5, 2, .5, 3, .5, 4, .5, 5, .5});

  auto wrong = chunk_page(database, base.id, 0, 2, 3);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().message.contains("has 8 bytes where 12 belong"));
  const auto bare = take(chunk_page(database, base.id, 0, 9, 0));
  CHECK(bare.places.size() == 5);
  CHECK(bare.vectors.empty());
  const auto later = take(document_fields(database, base.id, a.document, 100));
  REQUIRE(later.size() == 1);
  CHECK(later[0].id == b.document);
  CHECK(later[0].at_ms == 1'800'000'000'000);
  CHECK(later[0].fields == Json{{"length", 3}, {"source", "b"}, {"title", "On b"}, {"format", "text"}});
  CHECK(take(document_sizes(database, base.id, 0, 100)) ==
        Sizes{{a.document, static_cast<std::int64_t>(a.added.size())},
              {b.document, static_cast<std::int64_t>(b.added.size())}});
}

TEST_CASE("documents are listed by source, page by page") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "k"}, "e"));
  for (const char* source : {"c", "a", "b"})
    take(put_document(database, base, words_document(source, "x y")));
  auto page = take(list_documents(database, base.id, "", 2));
  REQUIRE(page.size() == 2);
  CHECK(page[0].source == "a");
  CHECK(page[1].source == "b");
  CHECK(page[0].chunks == 2);
  page = take(list_documents(database, base.id, page[1].source, 2));
  REQUIRE(page.size() == 1);
  CHECK(page[0].source == "c");

  take(touch_document(database, page[0].id, Origin::added, "later"));
  const auto row = take(read_document(database, base.id, "c"));
  CHECK(row->origin == Origin::added);
  CHECK(row->version.stamp == "later");
}

TEST_CASE("the check names what was changed by hand") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"acme", "k"}, "e"));
  const Change change = take(put_document(database, base, words_document("a", "one two")));
  const std::string terms = terms_table(base.id);
  struct Case {
    std::string sql;
    std::string word;
  };
  const Case cases[] = {
      {"DELETE FROM " + terms + " WHERE rowid = " + std::to_string(change.added[0]), "have no terms"},
      {"INSERT INTO " + terms + " (rowid, terms) VALUES (999, 'x')", "have no chunk"},
      {"UPDATE chunks SET vector = x'00000000' WHERE id = " + std::to_string(change.added[1]),
       "another length"},
      {"UPDATE documents SET chunks = 7", "not as many chunks"},
      {"UPDATE chunks SET last = 900", "not part of their document"},
  };
  for (const Case& c : cases) {
    take(database.execute("BEGIN"));
    take(database.execute(c.sql.c_str()));
    const auto wrong = take(check_knowledge(database));
    database.rollback();
    REQUIRE_MESSAGE(!wrong.empty(), c.sql);
    CHECK_MESSAGE(wrong[0].contains(c.word), wrong[0]);
    CHECK(wrong[0].contains("`acme/k`"));
  }
  CHECK(take(check_knowledge(database)).empty());
}

TEST_CASE("the file is its owner's alone, and a file of somebody else's is left as it is") {
  KnowledgeFile knowledge;
  {
    auto database = knowledge.open();
  }
  struct stat info{};
  REQUIRE(::stat(knowledge.file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);

  const std::string other = (knowledge.folder.path() / "other.db").string();
  {
    auto database = take(store::Database::open(other, store::Database::Mode::create));
    take(database.execute("CREATE TABLE mine (x)"));
  }
  CHECK(open_knowledge(other).error().code == ErrorCode::conflict);
  {
    auto database = take(store::Database::open(knowledge.file, store::Database::Mode::write));
    take(database.execute("PRAGMA user_version=2"));
  }
  auto newer = open_knowledge(knowledge.file);
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().message.contains("is of version 2, this program reads version 1"));
  const std::string garbage = (knowledge.folder.path() / "garbage.db").string();
  std::ofstream(garbage) << std::string(5000, 'x');
  CHECK(open_knowledge(garbage).error().code == ErrorCode::store);
}

TEST_CASE("processes that open a new file at once find one file of knowledge") {
  for (int round = 0; round < 10; ++round) {
    KnowledgeFile knowledge;
    std::vector<pid_t> children;
    for (int i = 0; i < 6; ++i) {
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) ::_exit(open_knowledge(knowledge.file) ? 0 : 1);
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    auto database = knowledge.open();
    CHECK(take(check_knowledge(database)).empty());
  }
}

TEST_CASE("what was added by hand stays so, and only who brought a document takes it away") {
  KnowledgeFile knowledge;
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "handbook"}, "builtin"));
  auto origin = [&] { return take(read_document(database, base.id, "a.md"))->origin; };
  NewDocument document = words_document("a.md", "red green");
  take(put_document(database, base, document));
  CHECK(origin() == Origin::sources);
  CHECK_FALSE(take(remove_document(database, base.id, "a.md", Origin::added)));
  document.origin = Origin::added;
  const std::int64_t id = take(put_document(database, base, document)).document;
  CHECK(origin() == Origin::added);
  REQUIRE(touch_document(database, id, Origin::sources, "s2"));
  CHECK(origin() == Origin::added);
  CHECK(take(read_document(database, base.id, "a.md"))->version.stamp == "s2");
  document.origin = Origin::sources;
  take(put_document(database, base, document));
  CHECK(origin() == Origin::added);
  CHECK_FALSE(take(remove_document(database, base.id, "a.md", Origin::sources)));
  CHECK(take(find_base(database, base.key))->generation == 3);
  CHECK(take(remove_document(database, base.id, "a.md")));
}

TEST_CASE("what is removed is given back to the disk, some at a time, and little is kept for what comes") {
  KnowledgeFile knowledge;
  auto size = [&] { return std::filesystem::file_size(knowledge.file); };
  std::uintmax_t full = 0;
  {
    auto database = knowledge.open();
    const BaseRow base = take(claim_base(database, {"", "handbook"}, "builtin"));
    std::string words;
    for (int i = 0; i < 200; ++i) words += "word" + std::to_string(i) + ' ';
    for (int i = 0; i < 12; ++i)
      take(put_document(database, base, words_document(std::to_string(i), words, 1, 1'000)));
    CHECK_FALSE(take(shrink(database)).more);  // nothing is free
    take(remove_document(database, base.id, "0"));
    REQUIRE(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    full = size();
    take(remove_base(database, base.key));
    std::uint64_t freed = 0;
    int steps = 0;
    for (Shrunk step{.more = true}; step.more; ++steps) {
      step = take(shrink(database));
      freed += step.bytes;
    }
    CHECK(steps >= 2);
    CHECK(freed > full / 2);
    CHECK(take(shrink(database)).bytes == 0);
    REQUIRE(database.execute("PRAGMA wal_checkpoint(PASSIVE)"));
    CHECK(size() < 2 * kFreeBytes);
    CHECK(take(check_knowledge(database)).empty());
  }
  auto database = knowledge.open();
  CHECK(take(list_bases(database)).empty());
  CHECK(size() < full / 4);
}

TEST_CASE("a file that was made without giving back stays as large as it is, and is as good") {
  KnowledgeFile knowledge;
  {
    auto database = knowledge.open();
    REQUIRE(database.execute("PRAGMA journal_mode=DELETE"));
    REQUIRE(database.execute("PRAGMA auto_vacuum=NONE"));
    REQUIRE(database.execute("VACUUM"));
  }
  auto database = knowledge.open();
  const BaseRow base = take(claim_base(database, {"", "handbook"}, "builtin"));
  std::string words;
  for (int i = 0; i < 400; ++i) words += "word" + std::to_string(i) + ' ';
  take(put_document(database, base, words_document("a", words, 1, 2'000)));
  take(remove_base(database, base.key));
  const Shrunk step = take(shrink(database));
  CHECK(step.bytes == 0);
  CHECK_FALSE(step.more);
}
