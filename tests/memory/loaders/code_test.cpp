#include "memory/knowledge/loaders/code.h"

#include "memory/knowledge/loaders/outline.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::loaded;

namespace {

std::string outline(std::string_view text, const std::string& path) {
  std::string out;
  const auto document = loaded(text, Format::code, {.path = path});
  for (const auto& heading : document.headings) {
    if (!out.empty()) out += '|';
    out += std::to_string(heading.level) + ' ' + heading.text;
  }
  return out;
}

}  // namespace

TEST_CASE("C and C++: types with a body and functions at the beginning of a line") {
  CHECK(outline("#include <x>\nnamespace a {\nclass B;\nstruct C {\n  int f() {\n};\nstatic int g(int a,\n   "
                "     int b) {\n"
                "  if (x) {\nvoid h();\nA::A() : b(1) {\nint x = f(1);\nif (y) {\nenum class E {\n/*\nclass "
                "No {\n*/\n"
                "/* one */\nint main() {\nTEST_CASE(\"t\") {\n",
                "a.cpp") ==
        "1 struct C|1 static int g(int a|1 A::A() : b(1)|1 enum class E|1 int main()|1 TEST_CASE(\"t\")");
}

TEST_CASE("Python: functions, classes and their methods, not within long strings") {
  CHECK(outline("class A(B):\n    \"\"\"def no\"\"\"\n    async def m(self):\n        def inner():\ndef "
                "f(x):\n\"\"\"\ndef "
                "no():\n\"\"\"\ndefault = 1\nclassify(x)\n",
                "a.py") == "1 class A(B)|2 async def m(self)|1 def f(x)");
}

TEST_CASE("JavaScript and TypeScript") {
  CHECK(outline("export default class A {\nexport async function f() {\nconst g = (a) => {\nconst n = "
                "1;\nlet h = async x => x\n"
                "interface I {\nexport type T =\nfunctional();\n",
                "a.ts") ==
        "1 export default class A|1 export async function f()|1 const g = (a) =>|1 let h = async x => x|1 "
        "interface I|1 "
        "export type T");
}

TEST_CASE("Go, Rust, Java, SQL") {
  CHECK(outline("package a\nfunc (s *S) F(x int) error {\ntype T struct {\nvar x = 1\n", "a.go") ==
        "1 func (s *S) F(x int) error|1 type T struct");
  CHECK(outline("pub(crate) async fn f() -> u8 {\nimpl A for B {\n    fn g(&self) {\nmacro_rules! m {\nmod "
                "x;\nlet y\n",
                "a.rs") == "1 pub(crate) async fn f() -> u8|1 impl A for B|2 fn g(&self)|1 macro_rules! m");
  CHECK(outline("public final class A {\n    private static int f(int x) {\n        return g(x);\n    int y "
                "= 1;\n    if (x) {\n",
                "A.java") == "1 public final class A|2 private static int f(int x)");
  CHECK(outline("CREATE TABLE t (\n  a int\n);\ncreate or replace view v as\nselect f(x)\n", "a.sql") ==
        "1 CREATE TABLE t (|1 create or replace view v as");
}

TEST_CASE("the text is kept, the language told, and unknown languages have no outline") {
  const auto document = loaded("int main() {\n\treturn 0;\n}\n", Format::code, {.path = "x/main.c"});
  CHECK(document.text == "int main() {\n\treturn 0;\n}\n");
  CHECK(document.metadata["language"] == "c");
  CHECK(document.title.empty());
  CHECK(outline("def f():\n", "x.unknown") == "");
  CHECK(outline("def f():\n", "") == "");
  CHECK_FALSE(definition_in("def " + std::string(1'000, 'x') + "():", "python"));
  CHECK_FALSE(definition_in("", "python"));
}
