"""Arrays in .npy and .npz files: headers, number formats and labels, checked before anything is believed."""
