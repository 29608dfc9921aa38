"""The mail edge: messages in from IMAP, messages out by SMTP, and the texts in them."""
