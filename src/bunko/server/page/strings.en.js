// The words of the interface in English. strings.ja.js has the same keys; `_one` is for n = 1.
export default {
  // everywhere
  skip: "Skip to the page", views: "Views", ask: "Ask", documents: "Documents", history: "History", help: "Help", settings: "Settings",
  library: "Library", close: "Close", cancel: "Cancel", tryAgain: "Try again", loading: "Loading…", comma: ", ", colon: ": ",
  ms: "{n} ms", seconds: "{n} s", bytes: "{n} bytes", kilobytes: "{n} kB", megabytes: "{n} MB", page: "page {page}",
  toLight: "Light colours", toDark: "Dark colours", connectionLost: "The server can’t be reached. Trying again…", connectionBack: "The server is back.",
  // asking
  question: "Your question", placeholder: "Ask the documents…", placeholderAlone: "Ask the model…", placeholderFollow: "Ask a follow-up question…",
  send: "Ask", stop: "Stop", enterHint: "Enter to ask", escHint: "Esc to stop", newConversation: "New conversation", compareWith: "Compare with", compareNothing: "nothing else",
  exportMarkdown: "Save as Markdown", withDocuments: "With documents", withoutDocuments: "Without documents", conversation: "Conversation", asking: "Asking.",
  welcome: "What would you like to know?", welcomeLibrary: "{title}: {n} documents. Each answer shows the very words that it rests on.", welcomeLibrary_one: "{title}: one document. Each answer shows the very words that it rests on.",
  welcomeIndexing: "{title} is being read. You can ask already; what has been read is searched.", welcomeEmpty: "There are no documents here yet. Drop some files on this page to add them.",
  welcomeAlone: "The model answers by itself, without documents: nothing it says is checked.", suggestion1: "Which documents are there?", suggestion2: "Summarise the documents.",
  searchedFor: "Understood as", askAlone: "Ask it by itself", waiting: "Waits for its turn…", queued: "{n} questions are before yours…", queued_one: "One question is before yours…", searching: "Searching the documents…", thinkingAlone: "The model reads the question…",
  reading: "Reading {n} passages…", reading_one: "Reading one passage…", thinking: "Thinking…", writing: "Writing…", stopped: "Stopped.",
  // answers
  answer: "Answer", answers: "Answers", reasoning: "How it was thought out", noSource: "no source", unverified: "not confirmed by the source", sources: "Sources", found: "Found in the documents",
  citeLabel: "Source {n}: {path}", citeLabelPage: "Source {n}: {path}, page {page}", openSource: "Open source {n}: {path}", openSourcePage: "Open source {n}: {path}, page {page}", showAll: "Show all {n}",
  givesOrders: "Gives orders to the assistant", nearest: "Nearest passages", nearestHint: "They share words or meaning with the question, but seem not to answer it.", translation: "In the other language", incomplete: "incomplete", notes: "Notes",
  remembered: "This answer was given before, on {date}.", askAnew: "Answer anew", took: "Took {time}", fromDocuments: "from {read} of {n} documents", fromDocuments_one: "from one document", tokens: "{n} tokens", tokens_one: "1 token", copy: "Copy", copied: "Copied", notCopied: "Can’t copy",
  announceEvidence: "{n} passages found.", announceEvidence_one: "One passage found.", announceAnswer: "The answer:", announceRefused: "Not answered:", announceSource: "Source opened: {path} {page}",
  // times
  timesCaption: "Where the time went", stage: "Stage", time: "Time", share: "Share", stage_total: "Total", stage_other: "other",
  stage_open: "open the index", stage_recall: "look for kept answers", stage_sync: "sync", stage_load: "load the model", stage_rewrite: "rewrite the question", stage_embed: "embed the question", stage_retrieve: "search", stage_select: "select quotes",
  stage_prompt: "build the prompt", stage_read: "read the prompt", stage_reason: "think", stage_write: "write", stage_ground: "check citations", stage_translate: "translate", stage_scan: "look at all documents", stage_map: "read each document", stage_reduce: "draw together", stage_queue: "wait in line",
  // sources
  sourceText: "Text of the document", sourceOf: "Source: {path}", sourceN: "source {n}", characters: "{n} characters", showAs: "Show as", asText: "Text", asPage: "Page", previousCitation: "Previous citation", nextCitation: "Next citation", closeSource: "Close the source",
  earlierText: "Earlier text", laterText: "Further text", markBegins: "cited words begin", markEnds: "cited words end",
  pageAlt: "Page {page} of {path}", pageAltMarked: "Page {page} of {path}, with the cited words marked", zoom: "Enlarge", previousPage: "Previous page", nextPage: "Next page", pageOf: "page {page} of {n}", notMarked: "The words could not be found on the picture; the text has them marked.",
  // documents
  searchDocuments: "Search by name", filter: "Show", kind_all: "All", kind_read: "Read", kind_failed: "Not read", documentCount: "{n} documents", documentCount_one: "1 document", shownCount: "{n} files", shownCount_one: "1 file", noneFound: "None is of this name or kind.", noDocuments: "There are no documents yet.", noLibrary: "No library is chosen.",
  showMore: "Show more", pages: "{n} pages", pages_one: "1 page", passages: "{n} passages", passages_one: "1 passage", notRead: "Not read",
  dropHere: "Drop files anywhere on this page, or", dropNow: "Drop to add them to the library", chooseFiles: "Choose files", uploadLimit: "They are copied into the library’s folder. Up to {size} each.", uploadOff: "Files can’t be added here: the server does not take any.", noFolders: "Folders can’t be dropped; drop the files in them.",
  syncNow: "Read what is new", willSend: "waits", sending: "sending…", sent: "sent", sendingFile: "Sending {name}", exists: "A file of this name is there already.", replace: "Replace it",
  syncing: "Reading what is new…", syncProgress: "{stage}: {done} of {total}", synced: "The library is up to date:", sync_added: "{n} added", sync_updated: "{n} updated", sync_removed: "{n} removed", sync_same: "nothing was new.",
  syncStage_read: "Reading", syncStage_reading: "Reading", syncStage_embed: "Embedding", syncStage_embedding: "Embedding", syncStage_store: "Storing", syncStage_index: "Indexing", syncStage_indexing: "Indexing",
  // history
  keepWhere: "Conversations are kept", keep_off: "Nowhere", keep_off_hint: "They are gone when this page is closed.", keep_browser: "In this browser", keep_browser_hint: "On this device only. Whoever uses this browser can read them.",
  keep_server: "On the server’s disk", keep_server_hint: "Beside this library’s index, for every device that may open this library.",
  nothingKept: "Nothing is kept from now on. What was kept before stays until it is deleted.", nothingYet: "No conversation has been kept yet.", deleteOne: "Delete “{title}”", deleteAll: "Delete all…", deleteAllBrowser: "Delete all in this browser", deleteAllServer: "Delete all of this library", deleted: "Deleted.", untitled: "Conversation", offsets: "characters {start}–{end}",
  // settings
  set_model: "Model", set_answerLanguage: "Language of answers", asQuestion: "As the question", set_style: "Words", style_auto: "As suits the model", style_extractive: "Quotes only", style_free: "The model’s own words", styleHint: "Quotes only: the answer is a phrase of a source, word for word.",
  set_length: "Length", length_usual: "Usual", length_short: "Short", length_long: "Long", length_longest: "Very long", set_strictness: "Strictness", strictness_usual: "Usual", strictness_0: "Answer everything", strictness_low: "Lenient", strictness_high: "Strict", strictness_1: "Refuse when in doubt", strictnessHint: "How much the documents must have to do with a question.",
  set_think: "Thinking", think_auto: "As the model does", think_off: "Off", think_low: "A little", think_high: "Much", thinkHint: "For models that reason before they answer.", set_translation: "Translation", translation_none: "None", translation_auto: "Japanese for English, English for the rest", translationHint: "Each sentence is also given in the other language, if the model knows both.",
  interface: "This page", set_language: "Language", asBrowser: "As the browser", set_theme: "Colours", asSystem: "As the system", light: "Light", dark: "Dark", set_keys: "Single keys are shortcuts (/, n, d, h, a, ?)", settingsKept: "These choices are remembered in this browser.",
  // help
  keys: "Keys", key_ask: "Go to the question", key_send: "Ask", key_line: "New line", key_escape: "Stop the answer; close the source", key_arrows: "From citation to citation", key_new: "New conversation", key_documents: "Documents", key_history: "History", key_answers: "Back to the answers", key_help: "This help",
  signs: "Signs", sign_cite: "A source carries this sentence. Open it to see the very words.", sign_unverified: "A source is named, but does not confirm the sentence.", sign_words: "Underlined", sign_unsupported: "No source carries this sentence.", helpPrivacy: "Questions, answers and documents stay on the machine that serves this page. It loads nothing from elsewhere.",
  // token
  tokenTitle: "A token, please", tokenHint: "This server asks for one. It is in the address that the server printed when it began, after “#token=”.", tokenWrong: "The server did not accept that token. It is in the address that the server printed when it began, after “#token=”.", token: "Token", tokenGo: "Continue",
  // errors
  error_Error: "That did not work.", error_Offline: "The server can’t be reached.", error_Offline_hint: "Is it still running? The question is kept here.", error_Cut: "The connection was lost before the answer was complete.", error_Busy: "Too many questions at once.", comeBack: "Try again in {n} seconds.", comeBack_one: "Try again in a second.",
  error_Unauthorised: "The token was not accepted.", error_Stopped: "Stopped.", error_Gone: "This conversation is no longer there.", error_Storage: "The browser does not let this page keep anything.", error_QuestionError: "This question can’t be asked.", error_NotIndexed: "The library has not been read yet.", error_LibraryEmpty: "The library is empty.",
  error_EngineCrashed: "The model’s process crashed.", error_EngineTimeout: "The model took too long.", error_StoreBusy: "Another program is writing to this library.", error_ModelTooLarge: "The model does not fit into memory.", error_NotDownloaded: "The model is not on this machine.",
  // what the server says, in the words of this page
  noteNotHeld: "What was found has little to do with the question. A lower strictness (in the settings) has the model answer all the same.", noteNoDirectAnswer: "The model thought, but did not answer. Thinking can be switched off in the settings.", noteThoughtCut: "The model had to answer before it had thought to the end.",
  noteCut: "The answer was cut off at {n} tokens. The settings allow longer ones.", noteLoop: "The model began to repeat itself, and was stopped.", noteTooSmall: "{model} is too small to judge its own answer; it was checked by words alone.", noteOrders: "{path} holds text that gives orders to the assistant; it was not put to the model.", noteOrdersOnly: "{path} holds text that gives orders to the assistant; nothing else was found.",
  noteQuoteOnly: "{model} was not made for {language}: the answer is the best quote, word for word.", noteWordsOnly: "{model} does not know {language}: passages were found by their words alone.", noteNoTranslation: "{model} was not made for {language} and {other}: there is no translation.", noteUnread: "{n} files could not be read; the list of documents tells which and why.",
  failPdfBroken: "The PDF is broken ({detail}).", failPassword: "It is locked with a password.", failKind: "{kind} is not a kind of file that can be read.", failEmpty: "It holds no text.", failPictures: "It holds pictures of text, which need OCR.", failCrashed: "The program that reads this kind of file crashed on it.",
  hintNewPdf: "Open it in a viewer, and print it to a new PDF.", hintIgnore: "Add it to .bunkoignore, or convert it to PDF or text.", hintMeant: "Nothing to do if it is meant to be empty.", hintSaveAgain: "Open and save it again in its own program.",
  language_English: "English", language_Japanese: "Japanese", language_Chinese: "Chinese", language_Korean: "Korean", language_Russian: "Russian", language_Arabic: "Arabic",
};
