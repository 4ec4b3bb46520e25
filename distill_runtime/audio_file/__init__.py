"""Audio files and pipes: WAV, FLAC, OGG and MP3, with their tags."""
