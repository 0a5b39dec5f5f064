// The texts of the interface in English. strings.ja.js has the same keys; `_one` is for n = 1.
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
  welcome: "What would you like to know?", welcomeLibrary: "{title}: {n} documents. Each answer shows where its words were found.", welcomeLibrary_one: "{title}: one document. Each answer shows where its words were found.",
  welcomeIndexing: "{title} is being indexed. You can ask already: what is indexed so far is searched.", welcomeEmpty: "There are no documents here yet. Drop some files on this page to add them.",
  welcomeAlone: "The model answers without documents. Its answers are not checked.", suggestion1: "Which documents are there?", suggestion2: "Summarise the documents.",
  searchedFor: "Understood as", askAlone: "Ask without the conversation", waiting: "Waiting in the queue…", queued: "{n} questions are ahead of yours…", queued_one: "One question is ahead of yours…", searching: "Searching the documents…", thinkingAlone: "The model is reading the question…",
  reading: "Reading {n} passages…", reading_one: "Reading one passage…", thinking: "Thinking…", writing: "Writing…", stopped: "Stopped.",
  // answers
  answer: "Answer", answers: "Answers", reasoning: "Reasoning", noSource: "no source", unverified: "not found in the source", sources: "Sources", found: "Found in the documents",
  citeLabel: "Source {n}: {path}", citeLabelPage: "Source {n}: {path}, page {page}", openSource: "Open source {n}: {path}", openSourcePage: "Open source {n}: {path}, page {page}", showAll: "Show all {n}",
  givesOrders: "Contains instructions to the assistant", nearest: "Nearest passages", nearestHint: "They share words or meaning with the question, but do not seem to answer it.", translation: "In the other language", incomplete: "incomplete", notes: "Notes",
  remembered: "This answer was given before, on {date}.", askAnew: "Answer again", took: "Took {time}", fromDocuments: "from {read} of {n} documents", fromDocuments_one: "from one document", tokens: "{n} tokens", tokens_one: "1 token", copy: "Copy", copied: "Copied", notCopied: "Can’t copy",
  announceEvidence: "{n} passages found.", announceEvidence_one: "One passage found.", announceAnswer: "The answer:", announceRefused: "Not answered:", announceSource: "Source opened: {path} {page}",
  // times
  timesCaption: "Where the time went", stage: "Stage", time: "Time", share: "Share", stage_total: "Total", stage_other: "other",
  stage_open: "open the index", stage_recall: "look up saved answers", stage_sync: "sync", stage_load: "load the model", stage_rewrite: "rewrite the question", stage_embed: "embed the question", stage_retrieve: "search", stage_select: "select quotes",
  stage_prompt: "build the prompt", stage_read: "process the prompt", stage_reason: "think", stage_write: "generate", stage_ground: "check citations", stage_translate: "translate", stage_scan: "scan all documents", stage_map: "process each document", stage_reduce: "combine", stage_queue: "wait in the queue",
  // sources
  sourceText: "Text of the document", sourceOf: "Source: {path}", sourceN: "source {n}", characters: "{n} characters", showAs: "Show as", asText: "Text", asPage: "Page", previousCitation: "Previous citation", nextCitation: "Next citation", closeSource: "Close the source",
  earlierText: "Earlier text", laterText: "Later text", markBegins: "quote begins", markEnds: "quote ends",
  pageAlt: "Page {page} of {path}", pageAltMarked: "Page {page} of {path}, with the quote highlighted", zoom: "Enlarge", previousPage: "Previous page", nextPage: "Next page", pageOf: "page {page} of {n}", notMarked: "The quote could not be found on the page; the text view highlights it.",
  // documents
  searchDocuments: "Search by name", filter: "Show", kind_all: "All", kind_read: "Read", kind_failed: "Not read", documentCount: "{n} documents", documentCount_one: "1 document", shownCount: "{n} files", shownCount_one: "1 file", noneFound: "No document matches.", noDocuments: "There are no documents yet.", noLibrary: "No library is selected.",
  showMore: "Show more", pages: "{n} pages", pages_one: "1 page", passages: "{n} passages", passages_one: "1 passage", notRead: "Not read",
  dropHere: "Drop files anywhere on this page, or", dropNow: "Drop to add them to the library", chooseFiles: "Choose files", uploadLimit: "They are copied into the library’s folder. Up to {size} each.", uploadOff: "Files can’t be added: uploads are off on this server.", noFolders: "Folders can’t be dropped; drop the files in them.",
  syncNow: "Check for new files", willSend: "waiting", sending: "sending…", sent: "sent", sendingFile: "Sending {name}", exists: "A file with this name already exists.", replace: "Replace it",
  syncing: "Checking for new files…", syncProgress: "{stage}: {done} of {total}", synced: "The library is up to date:", sync_added: "{n} added", sync_updated: "{n} updated", sync_removed: "{n} removed", sync_same: "no new files.",
  syncStage_read: "Reading", syncStage_reading: "Reading", syncStage_embed: "Embedding", syncStage_embedding: "Embedding", syncStage_store: "Storing", syncStage_index: "Indexing", syncStage_indexing: "Indexing",
  // history
  keepWhere: "Store conversations", keep_off: "Nowhere", keep_off_hint: "They are lost when this page is closed.", keep_browser: "In this browser", keep_browser_hint: "On this device only. Anyone who uses this browser can read them.",
  keep_server: "On the server’s disk", keep_server_hint: "Next to this library’s index. Every device with access to the library can read them.",
  nothingKept: "Conversations are no longer stored. Earlier ones stay until you delete them.", nothingYet: "No conversation is stored yet.", deleteOne: "Delete “{title}”", deleteAll: "Delete all…", deleteAllBrowser: "Delete all in this browser", deleteAllServer: "Delete all of this library", deleted: "Deleted.", untitled: "Conversation", offsets: "characters {start}–{end}",
  // settings
  set_model: "Model", set_answerLanguage: "Language of answers", asQuestion: "Same as the question", set_style: "Wording", style_auto: "Depends on the model", style_extractive: "Quotes only", style_free: "The model’s own words", styleHint: "Quotes only: the answer is copied from a source, word for word.",
  set_length: "Length", length_usual: "Normal", length_short: "Short", length_long: "Long", lengthHint: "For models of 2 billion parameters or more, and models on servers.", set_instructions: "Instructions", instructionsHint: "What the model is told with every question, beside Bunko’s own instructions. The smallest models can’t follow it.", set_strictness: "Strictness", strictness_usual: "Normal", strictness_0: "Answer everything", strictness_low: "Lenient", strictness_high: "Strict", strictness_1: "Refuse when in doubt", strictnessHint: "How relevant the documents must be to the question.",
  set_think: "Thinking", think_auto: "Model’s default", think_off: "Off", think_low: "A little", think_high: "A lot", thinkHint: "For models that reason before they answer.", set_translation: "Translation", translation_none: "None", translation_auto: "Japanese for English, English for other languages", translationHint: "Each sentence is also shown in the other language, if the model supports both.",
  interface: "This page", set_language: "Language", asBrowser: "Same as the browser", set_theme: "Colours", asSystem: "Same as the system", light: "Light", dark: "Dark", set_keys: "Single keys are shortcuts (/, n, d, h, a, ?)", settingsKept: "These settings are stored in this browser.",
  // help
  keys: "Keys", key_ask: "Go to the question", key_send: "Ask", key_line: "New line", key_escape: "Stop the answer; close the source", key_arrows: "From citation to citation", key_new: "New conversation", key_documents: "Documents", key_history: "History", key_answers: "Back to the answers", key_help: "This help",
  signs: "Markings", sign_cite: "The words of this sentence were found in a source. Open it to see the quote.", sign_unverified: "The nearest source. What the sentence says was not found in it.", sign_words: "Underlined", sign_unsupported: "What this sentence says was found in no source.", helpPrivacy: "Questions, answers and documents stay on the machine that serves this page. It loads nothing from other sites.",
  // token
  tokenTitle: "Enter the token", tokenHint: "This server requires a token. It is in the address that the server printed when it started, after “#token=”.", tokenWrong: "The server did not accept that token. It is in the address that the server printed when it started, after “#token=”.", token: "Token", tokenGo: "Continue",
  // errors
  error_Error: "Something went wrong.", error_Offline: "The server can’t be reached.", error_Offline_hint: "Is it still running? Your question is kept here.", error_Cut: "The connection was lost before the answer was complete.", error_Busy: "Too many questions at once.", comeBack: "Try again in {n} seconds.", comeBack_one: "Try again in a second.",
  error_Unauthorised: "The token was not accepted.", error_Stopped: "Stopped.", error_Gone: "This conversation no longer exists.", error_Storage: "The browser does not allow this page to store data.", error_QuestionError: "This question can’t be asked.", error_NotIndexed: "The library is not indexed yet.", error_LibraryEmpty: "The library is empty.",
  error_EngineCrashed: "The model’s process crashed.", error_EngineTimeout: "The model took too long.", error_StoreBusy: "Another program is writing to this library.", error_ModelTooLarge: "The model does not fit into memory.", error_NotDownloaded: "The model is not on this machine.",
  // what the server says, in the words of this page
  noteNotHeld: "The passages found have little to do with the question. With a lower strictness (in the settings), the model answers anyway.", noteNoDirectAnswer: "The model reasoned, but gave no answer. Thinking can be turned off in the settings.", noteThoughtCut: "The model reached the limit of its reasoning and answered early.",
  noteCut: "The answer was cut off at {n} tokens. You can allow longer answers in the settings.", noteLoop: "The model began to repeat itself and was stopped.", noteTooSmall: "{model} is too small to judge its own answer; only the words were checked.", noteOrders: "{path} contains instructions to the assistant; they were not given to the model.", noteOrdersOnly: "{path} contains instructions to the assistant; nothing else was found.",
  noteQuoteOnly: "{model} does not support {language}: the answer is the best quote, word for word.", noteWordsOnly: "{model} does not support {language}: passages were found by keywords only.", noteNoTranslation: "{model} does not support both {language} and {other}: there is no translation.", noteUnread: "{n} files could not be read; the list of documents shows the reasons.",
  failPdfBroken: "The PDF is broken ({detail}).", failPassword: "It is protected by a password.", failKind: "{kind} files can’t be read.", failEmpty: "It contains no text.", failPictures: "It contains images of text, which need OCR.", failCrashed: "The reader for this kind of file crashed.",
  hintNewPdf: "Open it in a viewer and print it to a new PDF.", hintIgnore: "Add it to .bunkoignore, or convert it to PDF or text.", hintMeant: "Nothing to do if it is empty on purpose.", hintSaveAgain: "Open and save it again in the program that made it.",
  language_English: "English", language_Japanese: "Japanese", language_Chinese: "Chinese", language_Korean: "Korean", language_Russian: "Russian", language_Arabic: "Arabic",
};
