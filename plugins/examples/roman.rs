// A plugin in Rust, without any crate. To build it:
//   rustc --edition 2021 -O --crate-type cdylib roman.rs -o libroman.so
//
// What of troupe_plugin.h it uses stands here again as Rust. Structs must have all members in the header's order, and
// say their own size first; what a later header adds at their ends need not be added here.
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

#[repr(C)]
#[derive(Clone, Copy)]
struct Span {
    data: *const c_char,
    size: u64,
}

#[repr(C)]
struct Host {
    struct_size: u32,
    abi: u32,
    capability: unsafe extern "C" fn(host: *const Host, id: *const c_char) -> *const c_void,
    version: *const c_char,
}

/// A call, which the daemon owns.
#[repr(C)]
struct Call {
    opaque: [u8; 0],
}

#[repr(C)]
struct Calls {
    struct_size: u32,
    reserved: u32,
    input: unsafe extern "C" fn(*const Call) -> Span,
    body: unsafe extern "C" fn(*const Call) -> Span,
    key: unsafe extern "C" fn(*const Call) -> Span,
    time_left: unsafe extern "C" fn(*const Call) -> u64,
    cancelled: unsafe extern "C" fn(*const Call) -> i32,
    progress: unsafe extern "C" fn(*mut Call, Span, f64) -> i32,
    part: unsafe extern "C" fn(*mut Call, Span) -> i32,
    finish: unsafe extern "C" fn(*mut Call, status: i32, answer: Span, body: Span) -> i32,
}

#[repr(C)]
struct Service {
    struct_size: u32,
    effect: u32,
    kind: *const c_char,
    name: *const c_char,
    description: *const c_char,
    version: *const c_char,
    input_schema: *const c_char,
    features: *const c_char,
    timeout_ms: u64,
    user: *mut c_void,
    handle: Option<unsafe extern "C" fn(*const Service, *mut Call)>,
    cancel: Option<unsafe extern "C" fn(*const Service, *mut Call)>,
}

#[repr(C)]
pub struct Plugin {
    struct_size: u32,
    abi: u32,
    name: *const c_char,
    version: *const c_char,
    description: *const c_char,
    config_schema: *const c_char,
    permissions: *const c_char,
    concurrent: u32,
    reserved: u32,
    init: Option<unsafe extern "C" fn(*const Host, Span, *mut c_char, usize) -> i32>,
    deinit: Option<unsafe extern "C" fn()>,
    services: Option<unsafe extern "C" fn(*mut u32) -> *const &'static Service>,
    capability: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
}

// They hold pointers to constants only.
unsafe impl Sync for Service {}
unsafe impl Sync for Plugin {}

const OK: i32 = 0;
const FAILED: i32 = 1;
const INVALID: i32 = 2;
const UNAVAILABLE: i32 = 8;
const PURE: u32 = 2;

/// A text as C has it.
macro_rules! c {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const c_char
    };
}

static CALLS: AtomicPtr<Calls> = AtomicPtr::new(null_mut());

fn span(text: &str) -> Span {
    Span { data: text.as_ptr() as *const c_char, size: text.len() as u64 }
}

fn roman(mut number: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
        (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ];
    let mut written = String::new();
    for (worth, sign) in SIGNS {
        while number >= worth {
            written.push_str(sign);
            number -= worth;
        }
    }
    written
}

/// {"number": 1999}, which is known to fit the schema: a plugin with more to read takes a JSON crate.
fn answer(input: &str) -> Result<String, String> {
    let digits: String = input.chars().filter(char::is_ascii_digit).collect();
    match digits.parse::<u32>() {
        Ok(number) if (1..=3999).contains(&number) => Ok(roman(number)),
        _ => Err("write a whole number from 1 to 3999".to_string()),
    }
}

/// No panic may leave a function that C calls.
unsafe extern "C" fn handle(_: *const Service, call: *mut Call) {
    let calls = &*CALLS.load(Ordering::Acquire);
    let input = (calls.input)(call);
    let bytes = std::slice::from_raw_parts(input.data as *const u8, input.size as usize);
    let done = std::panic::catch_unwind(|| answer(&String::from_utf8_lossy(bytes)));
    let (status, text) = match done {
        Ok(Ok(text)) => (OK, text),
        Ok(Err(why)) => (INVALID, why),
        Err(_) => (FAILED, "the plugin panicked".to_string()),
    };
    (calls.finish)(call, status, span(&text), Span { data: null(), size: 0 });
}

unsafe extern "C" fn init(host: *const Host, _config: Span, why: *mut c_char, why_size: usize) -> i32 {
    let calls = ((*host).capability)(host, c!("troupe.calls/1"));
    CALLS.store(calls as *mut Calls, Ordering::Release);
    if !calls.is_null() {
        return OK;
    }
    let words = b"the daemon has no troupe.calls/1\0";
    if why_size >= words.len() {
        std::ptr::copy_nonoverlapping(words.as_ptr() as *const c_char, why, words.len());
    }
    UNAVAILABLE
}

static ROMAN: Service = Service {
    struct_size: size_of::<Service>() as u32,
    effect: PURE,
    kind: c!("tool"),
    name: c!("roman"),
    description: c!("Writes a number in Roman numerals"),
    version: null(),
    input_schema: c!(
        r#"{"type": "object", "required": ["number"], "additionalProperties": false, "properties": {"number":
            {"type": "integer", "minimum": 1, "maximum": 3999, "examples": [1999]}}}"#
    ),
    features: null(),
    timeout_ms: 0,
    user: null_mut(),
    handle: Some(handle),
    cancel: None,
};

static SERVICES: [&Service; 1] = [&ROMAN];

unsafe extern "C" fn services(count: *mut u32) -> *const &'static Service {
    *count = SERVICES.len() as u32;
    SERVICES.as_ptr()
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static troupe_plugin_entry: Plugin = Plugin {
    struct_size: size_of::<Plugin>() as u32,
    abi: 1,
    name: c!("roman"),
    version: c!("1.0"),
    description: c!("Roman numerals"),
    config_schema: null(),
    permissions: null(),
    concurrent: 1,
    reserved: 0,
    init: Some(init),
    deinit: None,
    services: Some(services),
    capability: None,
};
